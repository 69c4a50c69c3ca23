import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wordsOfText } from "../../lib/store/words.ts";

const segmenter = new Intl.Segmenter("und", { granularity: "word" });
const bySegmenter = (text: string): string[] =>
  [...segmenter.segment(text.toLowerCase())].filter((part) => part.isWordLike).map((part) => part.segment);

describe("words of a text", () => {
  it("plain ASCII is cut as Intl.Segmenter cuts it", () => {
    // Mostly what the rules are about: joins inside words and numbers, underscores, line ends.
    const ascii = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.string({ unit: fc.constantFrom(..."aB12_.',;:-\"\r\n\t /"), maxLength: 12 }),
      },
      { weight: 1, arbitrary: fc.string({ unit: "binary-ascii", maxLength: 12 }) },
    );
    fc.assert(
      fc.property(ascii, (text) => {
        expect(wordsOfText(text)).toEqual(bySegmenter(text));
      }),
      { numRuns: 5_000, seed: 1 },
    );
  });

  it.each([
    ["Don't pay 3.14 or 1,000; see fig_2", ["don't", "pay", "3.14", "or", "1,000", "see", "fig_2"]],
    ["Ｃａｆé Straße", ["cafe", "straße"]],
    ["绿茶", ["绿", "茶", "绿茶"]],
    ["tea绿茶", ["tea", "绿", "茶", "绿茶"]],
    ["_ !", []],
  ])("%j", (text, words) => {
    expect(wordsOfText(text).toSorted()).toEqual([...words].toSorted());
  });
});
