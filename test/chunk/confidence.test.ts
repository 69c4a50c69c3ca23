import { expect, test } from "vitest";
import { recursiveChunker } from "../../lib/chunk/recursive.ts";
import type { Block } from "../../lib/read/reader.ts";

const block = (text: string, confidence?: number): Block => ({
  kind: "text",
  text,
  page: 1,
  headings: [],
  header: "",
  ...(confidence !== undefined && { confidence }),
});
const options = {
  size: 64,
  overlap: 0,
  maxBytes: 4096,
  countTokens: (text: string) => text.split(/\s+/).length,
};

test("a piece carries OCR's confidence, each block counting by its length; text of the file itself has none", () => {
  const [mixed] = recursiveChunker.chunk(
    [block("aaaa", 0.5), block("bbbbbbbb", 0.8), block("cccc")],
    options,
  );
  expect(mixed?.confidence).toBeCloseTo((4 * 0.5 + 8 * 0.8) / 12, 6);
  expect(recursiveChunker.chunk([block("plain")], options)[0]).not.toHaveProperty("confidence");
});
