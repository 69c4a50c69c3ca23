import { describe, expect, test } from "vitest";
import type { ChunkOptions } from "../../lib/chunk/chunker.ts";
import { recursiveChunker } from "../../lib/chunk/recursive.ts";
import type { Block } from "../../lib/read/reader.ts";
import { countTokens } from "./generators.ts";

const text = (content: string, over: Partial<Block> = {}): Block => ({
  kind: "text",
  text: content,
  page: null,
  headings: [],
  header: "",
  ...over,
});
const table = (header: string, rows: readonly string[], over: Partial<Block> = {}): Block => ({
  ...text([header, ...rows].join("\n")),
  kind: "table",
  header,
  ...over,
});
const chunk = (blocks: readonly Block[], over: Partial<ChunkOptions> = {}) =>
  recursiveChunker.chunk(blocks, { size: 20, overlap: 0, maxBytes: 2_000, countTokens, ...over });
const texts = (blocks: readonly Block[], over: Partial<ChunkOptions> = {}) =>
  chunk(blocks, over).map((piece) => piece.text);

describe("where a text is cut", () => {
  test.each([
    [
      "English sentences",
      "One two six. Ten man now. Red dog ran. Big cat sat. Old sun set. New day is on.",
      ["One two six. Ten man now. Red dog ran. Big cat sat. Old sun set.", "New day is on."],
    ],
    [
      "Chinese sentences, with their closing quotes",
      "他说：“起风了！”鸢群升到山脊上空去了。然后它们向南方飞走。",
      ["他说：“起风了！”鸢群升到山脊上空去了。", "然后它们向南方飞走。"],
    ],
    [
      "semicolons and ellipses in Chinese",
      "气流在山上变暖的；鸟在天上盘旋……人在山下看着鸟飞",
      ["气流在山上变暖的；鸟在天上盘旋……", "人在山下看着鸟飞"],
    ],
    [
      "not after an abbreviation, an initial or inside a number",
      "The bird of Dr. A. Kite is 3.5 m wide. The one of Mr. Hill is not so wide now.",
      ["The bird of Dr. A. Kite is 3.5 m wide.", "The one of Mr. Hill is not so wide now."],
    ],
    [
      "paragraphs before sentences",
      "One two. Six ten now a b c d.\n\nRed dog. Cat sat on a mat of old red yarn.",
      ["One two. Six ten now a b c d.", "Red dog. Cat sat on a mat of old red yarn."],
    ],
    [
      "clauses of a sentence that is too long",
      `${"a bird, ".repeat(6)}${"of air, ".repeat(6)}end`,
      [`${"a bird, ".repeat(6).trim()}`, `${"of air, ".repeat(6)}end`],
    ],
    [
      "words where there is nothing better",
      "kite ".repeat(30).trim(),
      ["kite ".repeat(20).trim(), "kite ".repeat(10).trim()],
    ],
  ])("%s", (_, source, expected) => {
    expect(texts([text(source)], { size: 20 })).toEqual(expected);
  });

  test("never inside what people see as one character", () => {
    const family = "👩‍👩‍👧‍👦";
    for (const piece of texts([text(family.repeat(50))], { size: 16, maxBytes: 256 }))
      expect(piece.replaceAll(family, "")).toBe("");
    for (const piece of texts([text("e\u0301".repeat(100))], { size: 16 }))
      expect(piece.startsWith("e")).toBe(true);
  });
});

describe("sections", () => {
  test("small neighbouring blocks under one heading are one piece", () => {
    const pieces = chunk([text("One."), text("Two."), text("Three.")]);
    expect(pieces).toMatchObject([{ text: "One.\n\nTwo.\n\nThree.", charStart: 0, charEnd: 18 }]);
  });

  test("headings and pages are never mixed, and the path is joined", () => {
    const pieces = chunk([
      text("One.", { headings: ["A"] }),
      text("Two.", { headings: ["A", "B"] }),
      text("Three.", { headings: ["A", "B"], page: 2 }),
    ]);
    expect(pieces.map(({ text, heading, page }) => [text, heading, page])).toEqual([
      ["One.", "A", null],
      ["Two.", "A › B", null],
      ["Three.", "A › B", 2],
    ]);
  });

  test("a heading with nothing of its own goes into the section below it", () => {
    const pieces = chunk([
      text("# A", { headings: ["A"] }),
      text("## B", { headings: ["A", "B"] }),
      text("### C\n\nText.", { headings: ["A", "B", "C"] }),
      text("## D\n\nMore.", { headings: ["A", "D"] }),
    ]);
    expect(pieces.map(({ text, heading }) => [text, heading])).toEqual([
      ["# A\n\n## B\n\n### C\n\nText.", "A › B › C"],
      ["## D\n\nMore.", "A › D"],
    ]);
  });
});

describe("overlap", () => {
  const source =
    "One two six. Ten man now. Red dog ran. Big cat sat. Old sun set. New day is on. Far off, gulls cry.";

  test("whole sentences, up to the given tokens", () => {
    expect(texts([text(source)], { overlap: 9 })).toEqual([
      "One two six. Ten man now. Red dog ran. Big cat sat. Old sun set.",
      "Big cat sat. Old sun set. New day is on. Far off, gulls cry.",
    ]);
  });

  test("none where a single sentence is longer, and never over a heading", () => {
    expect(texts([text(source)], { overlap: 3 })[1]).toBe("New day is on. Far off, gulls cry.");
    const apart = [text(source.slice(0, 38), { headings: ["A"] }), text("Next.", { headings: ["B"] })];
    expect(texts(apart, { overlap: 9 }).at(-1)).toBe("Next.");
  });
});

describe("tables", () => {
  const rows = Array.from({ length: 8 }, (_, i) => `Site ${i} | ${i} | ok`);

  test("every piece repeats the header, which counts; offsets are those of the rows", () => {
    const block = table("Name | N | State", rows);
    const pieces = chunk([block], { size: 24 });
    expect(pieces.length).toBeGreaterThan(2);
    for (const [index, piece] of pieces.entries()) {
      expect(piece.modality).toBe("table");
      expect(piece.text.startsWith("Name | N | State\nSite")).toBe(true);
      expect(piece.text.lastIndexOf("Name")).toBe(0);
      const slice = block.text.slice(piece.charStart, piece.charEnd);
      expect(piece.text).toBe(index === 0 ? slice : `Name | N | State\n${slice}`);
    }
    expect(pieces.flatMap((piece) => piece.text.split("\n").slice(1))).toEqual(rows);
  });

  test("a caption stays with its table, text after it does not", () => {
    const blocks = [text("Counts."), table("Name | N", ["Ridge | 4"]), text("All is well.")];
    expect(texts(blocks)).toEqual(["Counts.\n\nName | N\nRidge | 4", "All is well."]);
  });

  test("tables are not joined into one", () => {
    expect(texts([table("A | B", ["1 | 2"]), table("C | D", ["3 | 4"])])).toEqual([
      "A | B\n1 | 2",
      "C | D\n3 | 4",
    ]);
  });

  test("a row that is too long for a piece is cut, each part under the header", () => {
    const pieces = texts([table("Name | Note", [`Ridge | ${"wind ".repeat(40).trim()}`])]);
    expect(pieces.length).toBeGreaterThan(2);
    for (const piece of pieces) expect(piece.startsWith("Name | Note\n")).toBe(true);
  });

  test("a header larger than half a piece is not repeated", () => {
    const wide = Array.from({ length: 12 }, (_, i) => `col${i}`).join(" | ");
    const pieces = texts([table(wide, ["1 | 2", "3 | 4"])], { size: 30 });
    expect(pieces.filter((piece) => piece.includes("col0")).length).toBe(1);
  });
});

test("what is small stays small: nothing is padded, and blank blocks give nothing", () => {
  expect(chunk([])).toEqual([]);
  expect(chunk([text(" \n\u3000\n ")])).toEqual([]);
  expect(texts([text("  One.  ")])).toEqual(["One."]);
});

describe("large texts take seconds", () => {
  const sizes = { size: 256, overlap: 32, maxBytes: 8_192 };
  test.each([
    [
      "10 MB of English",
      "A kettle is a flock of kites circling in one rising column of air. ".repeat(150_000),
    ],
    ["5 MB of Chinese", "鸢群在同一股上升气流中盘旋，称为“鹰柱”。".repeat(85_000)],
    ["a line of 5 MB without spaces", "x".repeat(5_000_000)],
    ["2 MB of white space", `a${" ".repeat(2_000_000)}b`],
    ["2 MB of full stops", ".".repeat(2_000_000)],
    ["quotes and stops without a space", `.”x`.repeat(120_000)],
    ["emoji", "👩‍👩‍👧‍👦".repeat(50_000)],
    ["line ends", "a\n".repeat(200_000)],
  ])("%s", (_, source) => {
    // A counter that costs nothing, so that the time is the chunker's own.
    const began = performance.now();
    const pieces = chunk([text(source)], { ...sizes, countTokens: (part) => Math.ceil(part.length / 3) });
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(pieces.length).toBeGreaterThan(1);
    for (const piece of pieces)
      if (piece.tokens > 256 || Buffer.byteLength(piece.text) > 8_192) expect(piece).toBe(null);
  });
});
