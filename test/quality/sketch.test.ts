import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { copyFinder, similarityOf, sketchOf } from "../../lib/quality/sketch.ts";
import { mixedText } from "../chunk/generators.ts";

const english =
  "The keeper lights the lamp at dusk and writes the hour into his book. In winter the oil freezes, so he warms the can between his knees before he climbs the stairs, and when the wind turns he closes the shutters on that side.";
const chinese =
  "看灯塔的人天黑的时候点灯,把时间写在本子上。冬天油会冻住,他就先把油壶放在怀里暖一暖,然后再上楼。风向变了的时候,他把那一边的窗板关好,再回到楼下去烧水,等着天亮换班的人来。";

const alike = (a: string, b: string): number => similarityOf(sketchOf(a), sketchOf(b));

/** Jaccard similarity of the shingles themselves. */
const exact = (a: string, b: string): number => {
  const shingles = (text: string) => {
    const plain = text
      .normalize("NFKC")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, "");
    return new Set(Array.from({ length: plain.length - 4 }, (_, i) => plain.slice(i, i + 5)));
  };
  const [one, other] = [shingles(a), shingles(b)];
  const both = [...one].filter((shingle) => other.has(shingle)).length;
  return both / (one.size + other.size - both);
};

describe("the sketch of a text", () => {
  test("is the same whatever its case, spacing, width and punctuation, and fits the stores' column", () => {
    expect(sketchOf(english.toUpperCase().replaceAll(" ", "\n  "))).toBe(sketchOf(english));
    expect(sketchOf(chinese.replaceAll(",", ",").replaceAll("。", " . "))).toBe(sketchOf(chinese));
    fc.assert(
      fc.property(fc.oneof(mixedText, fc.string({ unit: "binary" })), (text) => {
        expect(Buffer.byteLength(sketchOf(text))).toBe(128);
        expect(sketchOf(text)).toBe(sketchOf(text));
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    ["a word less", english, english.replace("winter ", "")],
    ["a sentence more", english, `${english} At dawn he sleeps.`],
    ["another word", chinese, chinese.replace("本子", "簿子")],
    ["half of it", english, english.slice(0, 110)],
    ["another order", chinese, `${chinese.slice(48)}${chinese.slice(0, 48)}`],
  ])("estimates how much two texts share: %s", (_, a, b) => {
    expect(Math.abs(alike(a, b) - exact(a, b))).toBeLessThan(0.1);
  });

  test("unlike texts are not alike, and other numbers make another statement", () => {
    expect(alike(english, chinese)).toBeLessThan(0.1);
    expect(alike(`${english} It costs 40.`, `${english} It costs 45.`)).toBe(0);
    expect(alike("", "kites circle")).toBeLessThan(0.1);
  });
});

describe("the finder of copies", () => {
  const find = (texts: readonly string[], similarity = 0.8) => {
    const finder = copyFinder<number>(similarity);
    return texts.map((text, index) => finder(index, sketchOf(text)));
  };

  test("gives the first that says the same", () => {
    const near = english.replace("winter ", "");
    expect(find([english, chinese, near, english, chinese.replace("本子", "簿子")])).toEqual([
      null,
      null,
      0,
      0,
      1,
    ]);
  });

  test("never joins what was never sketched", () => {
    const finder = copyFinder<string>(0.8);
    expect(["", "", "old hash", "old hash", "other hash"].map((sketch, i) => finder(`${i}`, sketch))).toEqual(
      [null, null, null, "2", null],
    );
  });

  test("finds a copy among thousands", () => {
    const many = Array.from({ length: 3_000 }, (_, i) => `${i} ${english.slice(i % 90)} ${i * 31}`);
    expect(find([...many, chinese, `${chinese}!`]).at(-1)).toBe(3_000);
  });
});
