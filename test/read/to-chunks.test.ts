import { expect, test } from "vitest";
import { recursiveChunker } from "../../lib/chunk/recursive.ts";
import { contentHash } from "../../lib/ids.ts";
import { scoreQuality } from "../../lib/quality/quality.ts";
import { readChunks } from "../../lib/read/to-chunks.ts";
import { countTokens } from "../chunk/generators.ts";
import { input, noEmbedder, read, textOf } from "./reading.ts";

const chunking = {
  chunker: recursiveChunker,
  options: { size: 32, overlap: 8, maxBytes: 1_000, countTokens },
  embed: noEmbedder,
  quality: scoreQuality,
  maxChunks: 1_000,
  copies: 0.8,
};

test("chunks are numbered without gaps, carry page, heading and language, and point into the text", async () => {
  const { chunks, metadata, type } = await readChunks(input("typst-guide.pdf"), chunking);
  const text = textOf(await read("typst-guide.pdf"));
  expect(type).toBe("pdf");
  expect(metadata.title).toBe("Reading the thermals");
  expect(chunks.map((chunk) => chunk.ordinal)).toEqual([...chunks.keys()]);
  expect(new Set(chunks.map((chunk) => chunk.page))).toEqual(new Set([1, 2, 3]));
  for (const chunk of chunks) {
    // Of a table that continues, after its header.
    const slice = text.slice(chunk.charStart, chunk.charEnd);
    if (chunk.modality === "table") expect(chunk.text.endsWith(slice)).toBe(true);
    else expect(chunk.text).toBe(slice);
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

test("what a document says again is dropped, wherever it is; other numbers are another statement", async () => {
  const said =
    "The keeper of the eastern tower counts the ships that pass at dusk and writes them into his book. ";
  const between = Array.from(
    { length: 12 },
    (_, i) => `Sheet number ${i} of the log tells of storm ${i * 7}. `,
  );
  const text = `${said}\n\n${between.join("")}\n\n${said.replace("ships", "Ships").replace(". ", " .")}\n\n`;
  const numbered = (n: number) =>
    `In the year ${n} the tower was painted white and red by nine men of the town.\n\n`;
  const bytes = Buffer.from(text + numbered(1871) + numbered(1902));
  const document = { ...input("guide.md"), key: "log.txt", contentType: "text/plain", bytes };
  const options = { ...chunking.options, overlap: 0 };
  const { chunks, copies } = await readChunks(document, { ...chunking, options });
  const all = await readChunks(document, { ...chunking, options, copies: null });
  expect(copies).toBe(1);
  expect(all.copies).toBe(0);
  expect(all.chunks.length).toBe(chunks.length + 1);
  const keeper = (found: typeof chunks) => found.filter((chunk) => chunk.text.includes("eastern tower"));
  expect(keeper(all.chunks).length).toBe(2);
  expect(keeper(chunks).map(({ ordinal }) => ordinal)).toEqual([0]);
  // The place of the copy stays empty.
  expect(chunks.map(({ ordinal }) => ordinal)).toEqual(
    all.chunks.map(({ ordinal }) => ordinal).filter((ordinal) => ordinal !== keeper(all.chunks)[1]?.ordinal),
  );
  for (const year of ["1871", "1902"]) expect(chunks.some((chunk) => chunk.text.includes(year))).toBe(true);
});

test("parents are slices of the text that hold their chunks, each stored with one of them", async () => {
  const document = input("typst-guide.pdf");
  const plain = await readChunks(document, chunking);
  const { chunks } = await readChunks(document, { ...chunking, parent: { tokens: 128 } });
  expect(chunks.map(({ parent: _, ...chunk }) => chunk)).toEqual(plain.chunks);
  const text = textOf(await read("typst-guide.pdf"));
  const carriers = chunks.filter(({ parent }) => parent && parent.text !== "");
  expect(carriers.length).toBeGreaterThan(1);
  for (const { ordinal, parent } of chunks) {
    if (!parent) continue;
    const carrier = carriers.find((each) => each.ordinal === parent.ordinal);
    expect(carrier?.parent).toMatchObject({ charStart: parent.charStart, charEnd: parent.charEnd });
    expect(carrier?.parent?.text.endsWith(text.slice(parent.charStart, parent.charEnd))).toBe(true);
    expect(parent.text === "").toBe(carrier?.ordinal !== ordinal);
    expect(parent.tokens).toBe(countTokens(carrier?.parent?.text ?? ""));
  }
});
