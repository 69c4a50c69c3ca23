import { expect, test } from "vitest";
import { recursiveChunker } from "../../lib/chunk/recursive.ts";
import { contentHash } from "../../lib/ids.ts";
import { scoreQuality } from "../../lib/quality/quality.ts";
import { readChunks } from "../../lib/read/to-chunks.ts";
import { countTokens } from "../chunk/generators.ts";
import { input, read, textOf } from "./reading.ts";

const chunking = {
  chunker: recursiveChunker,
  options: { size: 32, overlap: 8, maxBytes: 1_000, countTokens },
  quality: scoreQuality,
  maxChunks: 1_000,
};

test("chunks are numbered without gaps, carry page, heading and language, and point into the text", async () => {
  const { chunks, metadata, type } = await readChunks(input("typst-guide.pdf"), chunking);
  const text = textOf(await read("typst-guide.pdf"));
  expect(type).toBe("pdf");
  expect(metadata.title).toBe("Reading the thermals");
  expect(chunks.map((chunk) => chunk.ordinal)).toEqual([...chunks.keys()]);
  expect(new Set(chunks.map((chunk) => chunk.page))).toEqual(new Set([1, 2, 3]));
  for (const chunk of chunks) {
    expect(chunk.text).toBe(text.slice(chunk.charStart, chunk.charEnd));
    expect(chunk.contentHash).toBe(contentHash(chunk.text));
    const piece = { ...chunk, modality: "text" as const };
    const { quality, flags } = scoreQuality(piece);
    expect(chunk).toMatchObject({ quality, qualityFlags: flags });
  }
  const languages = new Map(chunks.map((chunk) => [chunk.page, chunk.language]));
  expect(languages.get(1)).toBe("en");
  expect(languages.get(2)).toBe("zh");
});

test("the heading path is joined, and a table's chunk begins with its header", async () => {
  const { chunks } = await readChunks(input("guide.md"), chunking);
  const table = chunks.find((chunk) => chunk.modality === "table");
  expect(table?.heading).toBe("Watching kites › Where to stand › Counts");
  expect(table?.text).toContain("Site | Month | Birds\nHarbour | March | 412");
});

test("more chunks than allowed: DOCUMENT_TOO_LARGE", async () => {
  await expect(readChunks(input("guide.md"), { ...chunking, maxChunks: 2 })).rejects.toMatchObject({
    code: "DOCUMENT_TOO_LARGE",
    message: expect.stringMatching(/^guide\.md: gives \d+ chunks; limits\.chunks is 2$/),
  });
});
