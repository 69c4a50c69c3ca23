import { describe, expect, test } from "vitest";
import type { ChunkOptions } from "../../lib/chunk/chunker.ts";
import { type ChunkerName, chunkers } from "../../lib/chunk/registry.ts";
import type { Block } from "../../lib/read/reader.ts";
import { countTokens } from "./generators.ts";

const block = (text: string, over: Partial<Block> = {}): Block => ({
  kind: "text",
  text,
  page: null,
  headings: [],
  header: "",
  ...over,
});
/** Those that need no vectors. */
type Plain = Exclude<ChunkerName, "semantic" | "cluster">;
const cut = (name: Plain, blocks: readonly Block[], over: Partial<ChunkOptions> = {}) =>
  chunkers[name].chunk(blocks, { size: 20, overlap: 0, maxBytes: 2_000, countTokens, ...over });
const texts = (name: Plain, blocks: readonly Block[], over: Partial<ChunkOptions> = {}) =>
  cut(name, blocks, over).map((piece) => piece.text);

const words = (n: number, word = "kite"): string => `${word} `.repeat(n).trim();

describe("fixed", () => {
  test("fills each piece, whatever is said where it ends, and repeats the overlap", () => {
    const text = Array.from({ length: 50 }, (_, i) => `w${String(i).padStart(2, "0")}.`).join(" ");
    const pieces = cut("fixed", [block(text)], { size: 20, overlap: 4 });
    for (const piece of pieces.slice(0, -1)) expect(piece.tokens).toBeGreaterThan(14);
    for (const [i, piece] of pieces.slice(1).entries()) {
      const shared = (pieces[i]?.charEnd ?? 0) - piece.charStart;
      expect(shared).toBeGreaterThan(0);
      expect(countTokens(text.slice(piece.charStart, pieces[i]?.charEnd))).toBeLessThanOrEqual(4);
    }
  });
  test("goes over headings", () => {
    const pieces = cut("fixed", [block(words(5), { headings: ["A"] }), block(words(5), { headings: ["B"] })]);
    expect(pieces.map(({ heading, tokens }) => [heading, tokens])).toEqual([["A", 10]]);
  });
});

describe("sentence", () => {
  test.each([
    ["English", "One two six ten man.", " "],
    ["Chinese", "气流在山上变暖的时候鸟在天上盘旋。", ""],
    ["mixed", "鸢群 kettle 在山上 circle 很久。", ""],
  ])("%s: as many whole sentences as fit, over paragraphs and headings", (_, sentence, gap) => {
    const blocks = Array.from({ length: 3 }, (_each, i) =>
      block([sentence, sentence, sentence].join(gap), { headings: [String(i)] }),
    );
    const pieces = texts("sentence", blocks, { size: 50 });
    for (const piece of pieces) expect(piece.replaceAll(sentence, "").trim()).toBe("");
    const most = Math.floor(50 / countTokens(sentence));
    for (const piece of pieces.slice(0, -1)) expect(piece.split(sentence).length - 1).toBe(most);
  });
});

describe("markdown", () => {
  const under = (path: readonly string[], n: number) => block(words(n), { headings: path });
  const shape = (blocks: readonly Block[], over: Partial<ChunkOptions> = {}) =>
    cut("markdown", blocks, over).map(({ heading, tokens }) => [heading, tokens]);

  test("small sections under one heading are one piece, with the heading that they share", () => {
    const blocks = [under(["A"], 4), under(["A", "x"], 6), under(["A", "y"], 6), under(["B"], 3)];
    expect(shape(blocks)).toEqual([
      ["A", 16],
      ["B", 3],
    ]);
  });
  test("the deepest belong together first, and what does not fit stays apart", () => {
    const blocks = [
      under(["A"], 12),
      under(["A", "x", "1"], 6),
      under(["A", "x", "2"], 6),
      under(["A", "y"], 9),
    ];
    expect(shape(blocks)).toEqual([
      ["A", 12],
      ["A › x", 12],
      ["A › y", 9],
    ]);
  });
  test("a block that fits is never cut: a list or a program stays whole", () => {
    const code = block(`${words(4)}\n${words(4)}\n${words(4)}`, { kind: "code" });
    expect(texts("markdown", [block(words(12)), code])).toEqual([words(12), code.text]);
  });
  test("a table stays a table, with its header in every piece", () => {
    const header = "Site | Birds";
    const rows = Array.from({ length: 12 }, (_, i) => `Ridge | ${i}`);
    const table = block([header, ...rows].join("\n"), { kind: "table", header, headings: ["A"] });
    const pieces = texts("markdown", [under(["A"], 2), table]).slice(1);
    expect(pieces.length).toBeGreaterThan(1);
    for (const piece of pieces) expect(piece.startsWith(header)).toBe(true);
  });
});

describe("page", () => {
  test("a page that fits is one piece, whatever headings it has", () => {
    const blocks = [1, 1, 2].map((page, i) => block(words(6), { page, headings: [`h${i}`] }));
    expect(cut("page", blocks).map(({ page, tokens }) => [page, tokens])).toEqual([
      [1, 12],
      [2, 6],
    ]);
  });
  test("a page that does not is cut into even parts", () => {
    const sentence = "One two six ten.";
    const blocks = [block(Array.from({ length: 5 }, () => sentence).join(" "), { page: 1 })];
    const tokens = cut("page", blocks, { size: 20 }).map((piece) => piece.tokens);
    expect(tokens).toEqual([15, 10]);
  });
});
