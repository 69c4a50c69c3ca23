import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ChunkOptions, Piece } from "../../lib/chunk/chunker.ts";
import { fixedChunker } from "../../lib/chunk/fixed.ts";
import { markdownChunker } from "../../lib/chunk/markdown.ts";
import { pageChunker } from "../../lib/chunk/page.ts";
import { type Parent, parentsOf } from "../../lib/chunk/parents.ts";
import { recursiveChunker } from "../../lib/chunk/recursive.ts";
import { joinBlocks } from "../../lib/chunk/sections.ts";
import { sentenceChunker } from "../../lib/chunk/sentence.ts";
import type { Block } from "../../lib/read/reader.ts";
import { blocks as anyBlocks, options as anyOptions, countTokens } from "./generators.ts";

const chunkers = [recursiveChunker, fixedChunker, sentenceChunker, markdownChunker, pageChunker];

type Case = {
  readonly text: string;
  readonly pieces: readonly Piece[];
  readonly parents: readonly Parent[];
  readonly tokens: number;
  readonly options: ChunkOptions;
};

const cases = fc
  .tuple(anyBlocks, anyOptions, fc.constantFrom(...chunkers), fc.integer({ min: 2, max: 8 }))
  .map(([blocks, options, chunker, times]): Case => {
    const text = joinBlocks(blocks);
    const pieces = chunker.chunk(blocks, options);
    const tokens = options.size * times;
    return { text, pieces, tokens, options, parents: parentsOf(text, pieces, { ...options, tokens }) };
  });

const holds = (property: (each: Case) => void): void => {
  fc.assert(fc.property(cases, property), { numRuns: 600 });
};

const membersOf = ({ pieces }: Case, { from, to }: Parent): readonly Piece[] => pieces.slice(from, to);

describe("parents of any text, cut by any strategy", () => {
  test("no character between its first and last piece is lost, and each piece lies inside", () =>
    holds((each) => {
      for (const parent of each.parents) {
        const { charStart, charEnd } = parent;
        expect(parent.text.endsWith(each.text.slice(charStart, charEnd))).toBe(true);
        for (const piece of membersOf(each, parent)) {
          expect(piece.charStart).toBeGreaterThanOrEqual(charStart);
          expect(piece.charEnd).toBeLessThanOrEqual(charEnd);
        }
      }
    }));

  test("what stands before the slice is what its first piece repeats: the header of a table", () =>
    holds((each) => {
      for (const parent of each.parents) {
        const head = parent.text.slice(0, parent.text.length - (parent.charEnd - parent.charStart));
        expect(each.pieces[parent.from]?.text.startsWith(head)).toBe(true);
        if (head !== "") expect(each.pieces[parent.from]?.modality).toBe("table");
      }
    }));

  test("tokens are the true count, within the bound, and bytes are within what four chunks may have", () =>
    holds((each) => {
      for (const parent of each.parents) {
        expect(parent.tokens).toBe(each.options.countTokens(parent.text));
        expect(parent.tokens).toBeLessThanOrEqual(each.tokens);
        expect(Buffer.byteLength(JSON.stringify(parent.text))).toBeLessThanOrEqual(
          Math.min(32_000, 4 * each.options.maxBytes),
        );
      }
    }));

  test("each stands for two or more neighbours of one page, and no piece is in two", () =>
    holds((each) => {
      let last = 0;
      for (const parent of each.parents) {
        expect(parent.from).toBeGreaterThanOrEqual(last);
        expect(parent.to - parent.from).toBeGreaterThanOrEqual(2);
        expect(new Set(membersOf(each, parent).map(({ page }) => page)).size).toBe(1);
        last = parent.to;
      }
      expect(last).toBeLessThanOrEqual(each.pieces.length);
    }));

  test("pieces under headings share the first of them", () =>
    holds((each) => {
      for (const parent of each.parents)
        expect(new Set(membersOf(each, parent).map(({ heading }) => heading.split(" › ")[0])).size).toBe(1);
    }));

  test("the same pieces give the same parents", () =>
    holds((each) => {
      const { text, pieces, tokens, options, parents } = each;
      expect(parentsOf(text, structuredClone(pieces), { ...options, tokens })).toEqual(parents);
    }));
});

const prose = (text: string, headings: readonly string[] = [], page: number | null = null): Block => ({
  kind: "text",
  text,
  header: "",
  headings,
  page,
});

/** Parents' texts, and what is in none. */
const cut = (blocks: readonly Block[], size: number, tokens: number, maxBytes = 8_192) => {
  const options = { size, overlap: 0, maxBytes, countTokens };
  const pieces = recursiveChunker.chunk(blocks, options);
  const parents = parentsOf(joinBlocks(blocks), pieces, { ...options, tokens });
  const alone = pieces.filter((_, at) => !parents.some(({ from, to }) => from <= at && at < to));
  return { pieces, parents: parents.map(({ text }) => text), alone: alone.map(({ text }) => text) };
};

describe("parents", () => {
  test.each([
    [
      "English",
      "Kites circle in warm air. They gain height there, turn by turn. Then they glide on. They find more of it.",
    ],
    ["Chinese", "鸢群在上升气流中盘旋。它们借此升高。然后滑翔向前。又遇到一股热气流。"],
    ["mixed text", "Milvus 是鸢属。A kettle is a flock. 它们在 warm air 中盘旋。Then they glide. 再升高。"],
  ])("%s: the pieces of a paragraph are together again, as they were written", (_, text) => {
    const { pieces, parents, alone } = cut([prose(text)], 16, 512);
    expect(pieces.length).toBeGreaterThan(1);
    expect(parents).toEqual([text]);
    expect(alone).toEqual([]);
  });

  test("keep what lies between their pieces: blank lines and indents", () => {
    const text = `def soar():\n    ${"rise ".repeat(12)}\n\n    ${"glide ".repeat(12)}\n        ${"turn ".repeat(12)}`;
    const { parents } = cut([{ ...prose(text), kind: "code" }], 16, 512);
    expect(parents).toEqual([text.trim()]);
  });

  test("end where a heading does rather than where they are full, and never join two chapters or pages", () => {
    const some = (word: string) => `${word} `.repeat(14).trim();
    const { parents, alone } = cut(
      [
        prose(some("aa"), ["One", "A"]),
        prose(some("ab"), ["One", "A"]),
        prose(some("ba"), ["One", "B"]),
        prose(some("bb"), ["One", "B"]),
        prose(some("ca"), ["Two"]),
        prose(some("cb"), ["Two"], 2),
      ],
      16,
      44,
    );
    expect(parents).toEqual([`${some("aa")}\n\n${some("ab")}`, `${some("ba")}\n\n${some("bb")}`]);
    expect(alone).toEqual([some("ca"), some("cb")]);
  });

  test("that begin among the rows of a table repeat its header", () => {
    const rows = Array.from({ length: 12 }, (_, i) => `${i} | harbour`);
    const table: Block = { ...prose(["n | name", ...rows].join("\n")), kind: "table", header: "n | name" };
    const { parents } = cut([table], 16, 34);
    expect(parents.length).toBeGreaterThan(1);
    for (const text of parents)
      expect(text.split("\n").filter((line) => line === "n | name")).toHaveLength(1);
  });

  test("grow no further than limits.chunkBytes allows", () => {
    const text = "上升气流。".repeat(400);
    const longest = (maxBytes: number) =>
      Math.max(...cut([prose(text)], 64, 4_096, maxBytes).parents.map((each) => Buffer.byteLength(each)));
    expect(longest(8_192)).toBe(Buffer.byteLength(text));
    expect(longest(512)).toBeLessThanOrEqual(2_048);
    expect(longest(512)).toBeGreaterThan(1_500);
  });
});
