import { describe, expect, test } from "vitest";
import { AppError, type FailureCode, isPermanent } from "../../lib/errors.ts";
import type { ReadInput, ReadLimits } from "../../lib/read/reader.ts";
import { input, limits, read } from "./reading.ts";

type Bad = {
  readonly title: string;
  readonly code: FailureCode;
  readonly key: string;
  readonly content?: string | Uint8Array;
  readonly limits?: Partial<ReadLimits>;
  readonly says?: RegExp;
};

const nested = `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`;

const bad: readonly Bad[] = [
  { title: "a PDF with a password", code: "ENCRYPTED_DOCUMENT", key: "encrypted.pdf", says: /password/ },
  { title: "a PDF cut off", code: "CORRUPT_DOCUMENT", key: "truncated.pdf" },
  { title: "a PDF of noise", code: "CORRUPT_DOCUMENT", key: "garbage.pdf" },
  {
    title: "text that is called a PDF",
    code: "CORRUPT_DOCUMENT",
    key: "a.pdf",
    content: "Kites",
    says: /does not begin like one/,
  },
  { title: "a PDF of pictures", code: "NEEDS_OCR", key: "image-only.pdf", says: /none of its 2 pages/ },
  { title: "a PDF without anything", code: "EMPTY_DOCUMENT", key: "empty.pdf" },
  {
    title: "a PDF of too many pages",
    code: "DOCUMENT_TOO_LARGE",
    key: "typst-guide.pdf",
    limits: { pages: 2 },
    says: /has 3 pages; limits\.pages is 2/,
  },
  {
    title: "a PDF of too much text",
    code: "DECOMPRESSION_BOMB",
    key: "typst-guide.pdf",
    limits: { decompressedBytes: 300 },
  },
  { title: "JSON cut off", code: "CORRUPT_DOCUMENT", key: "broken.json", says: /not valid JSON/ },
  { title: "prose called .json", code: "CORRUPT_DOCUMENT", key: "a.json", content: "Kites rise." },
  { title: "a broken line among JSON lines", code: "CORRUPT_DOCUMENT", key: "broken.jsonl", says: /line 2/ },
  {
    title: "JSON that nests without end",
    code: "CORRUPT_DOCUMENT",
    key: "deep.json",
    content: nested,
    says: /nested more than 200 deep/,
  },
  {
    title: "CSV with a quote that never closes",
    code: "CORRUPT_DOCUMENT",
    key: "broken.csv",
    says: /Quote Not Closed/,
  },
  { title: "no bytes", code: "EMPTY_DOCUMENT", key: "a.txt", content: "" },
  { title: "only white space", code: "EMPTY_DOCUMENT", key: "a.txt", content: " \n\t\u3000\n" },
  {
    title: "a page without text",
    code: "EMPTY_DOCUMENT",
    key: "a.html",
    content: "<html><script>1</script></html>",
  },
  { title: "an empty list", code: "EMPTY_DOCUMENT", key: "a.json", content: "[]" },
  { title: "a table of delimiters", code: "EMPTY_DOCUMENT", key: "a.csv", content: ",,\n,,\n" },
  {
    title: "too many bytes",
    code: "DOCUMENT_TOO_LARGE",
    key: "a.txt",
    content: "Kites",
    limits: { objectBytes: 4 },
    says: /has 5 bytes; limits\.objectBytes is 4/,
  },
];

const limited = (change: Partial<ReadLimits> = {}): Partial<ReadInput> => ({
  limits: { ...limits, ...change },
});

describe("a bad document is a typed, permanent failure that names it", () => {
  test.each(bad)("$title: $code", async ({ code, key, content, limits: change, says }) => {
    const failure = await read(key, content, limited(change)).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(AppError);
    expect(failure).toMatchObject({ code, message: expect.stringMatching(new RegExp(`^${key}: `)) });
    expect(isPermanent(failure)).toBe(true);
    if (says) expect((failure as AppError).message).toMatch(says);
    expect((failure as AppError).message.length).toBeLessThan(600);
  });
});

test("an aborted read ends with the signal's reason, not with a verdict on the document", async () => {
  const reason = new Error("stopping");
  await expect(read("a.txt", "Kites", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test("damaged PDFs of every kind end as a failure or as text, never as another error", async () => {
  const { bytes } = input("ghostscript-notice.pdf");
  for (let seed = 1; seed <= 60; seed++) {
    const damaged = Uint8Array.from(bytes);
    for (let at = seed * 97; at < damaged.length; at += 211 + seed * 13) damaged[at] = (seed * 31 + at) % 256;
    const outcome = await read("damaged.pdf", damaged).catch((error: unknown) => error);
    if (outcome instanceof Error) expect(isPermanent(outcome), String(outcome)).toBe(true);
  }
});
