import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, test } from "vitest";
import { nativeGuard } from "../../../lib/embed/native-guard.ts";
import type { Ocr, OcrLine, Raster } from "../../../lib/read/ocr/ocr.ts";
import { ocrPool } from "../../../lib/read/ocr/ocr-pool.ts";
import { ppOcr } from "../../../lib/read/ocr/pp-ocr.ts";
import { readingAhead } from "../../../lib/read/ocr/reading-ahead.ts";
import { readDocument } from "../../../lib/read/read.ts";
import { input } from "../reading.ts";

const fixtures = join(import.meta.dirname, "../../fixtures");
const { signal } = new AbortController();

const raster = async (name: string): Promise<Raster> => {
  const { data, info } = await sharp(join(fixtures, "images", name))
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data: Uint8Array.from(data), width: info.width, height: info.height };
};

describe("OCR in threads of its own", () => {
  const pool = ocrPool(["en", "zh"], 2);
  afterAll(() => pool.close());

  test("reads what OCR in this thread reads, several pictures at once", async () => {
    const names = ["tea-label.png", "notice-zh.webp", "order-mixed.png"];
    const here = ppOcr({ languages: ["en", "zh"], threads: 1, guard: nativeGuard() });
    const expected: (readonly OcrLine[])[] = [];
    for (const name of names) expected.push(await here.recognise(await raster(name), signal));
    const pictures = await Promise.all(names.map(raster));
    expect(await Promise.all(pictures.map((picture) => pool.recognise(picture, signal)))).toEqual(expected);
  });

  test("a picture whose document is gone is not read, the next one is", async () => {
    const gone = new AbortController();
    const [first, second, waiting] = await Promise.all(
      ["slides.gif", "slides.gif", "tea-label.png"].map(raster),
    );
    const busy = [first, second].map((picture) => pool.recognise(picture!, signal));
    const refused = pool.recognise(waiting!, gone.signal);
    gone.abort(new Error("gone"));
    await expect(refused).rejects.toThrow("gone");
    for (const lines of await Promise.all(busy)) expect(lines[0]?.text).toContain("Thermals rise");
    expect(waiting!.data.byteLength).toBeGreaterThan(0);
  });

  test("after its end it says so, and what it was reading is told", async () => {
    const closing = ocrPool(["en"], 1);
    const reading = closing.recognise(await raster("slides.gif"), signal);
    const waiting = closing.recognise(await raster("slides.gif"), signal);
    const outcome = Promise.allSettled([reading, waiting]);
    await closing.close();
    expect(await outcome).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected", reason: { code: "INTERNAL", retry: true } },
    ]);
  });
});

/** OCR that reads when it is told to, in any order. */
const patient = (lanes: number) => {
  const calls: { readonly end: (text: string) => void; readonly fail: (error: Error) => void }[] = [];
  const ocr: Ocr = {
    lanes,
    recognise: () =>
      new Promise((resolve, reject) => {
        const box = { x: 0, y: 0, width: 100, height: 10 };
        calls.push({ end: (text) => resolve([{ text, confidence: 1, box }]), fail: reject });
      }),
  };
  return { ocr, calls };
};
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
};
const small: Raster = { data: new Uint8Array(3), width: 1, height: 1 };

describe("pages ahead of those that are being read", () => {
  test("are one more than are read at once", async () => {
    const { ocr, calls } = patient(2);
    const ahead = readingAhead(ocr, signal);
    const lines = [];
    for (let page = 0; page < 3; page++) lines.push((await ahead.recognise(small)).lines);
    const fourth = ahead.recognise(small);
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toHaveLength(3);
    calls[1]?.end("second");
    await (await Promise.all([fourth, lines[1]]))[0];
    expect(calls).toHaveLength(4);
  });

  test("are fewer where pictures are large", async () => {
    const { ocr, calls } = patient(8);
    const ahead = readingAhead(ocr, signal);
    const large: Raster = { data: new Uint8Array(100 * 1024 * 1024), width: 1, height: 1 };
    await ahead.recognise(large);
    const next = ahead.recognise(large);
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toHaveLength(1);
    calls[0]?.end("first");
    await next;
    expect(calls).toHaveLength(2);
  });

  test.each([
    ["scanned PDF", "folder/logbook-scan.pdf"],
    ["picture of several pages", "images/minutes.tiff"],
  ])("a %s: texts are in order and pages are counted, whichever ends first", async (_, path) => {
    const { ocr, calls } = patient(2);
    const pages: string[] = [];
    const reading = readDocument(
      input(path, readFileSync(join(fixtures, path)), {
        ocr,
        onPage: (done, total) => void pages.push(`${done}/${total}`),
      }),
    );
    await until(() => calls.length === 2);
    calls[1]?.end("what the second page says");
    await until(() => pages.length === 1);
    calls[0]?.end("what the first page says");
    const { blocks } = await reading;
    expect(blocks.map(({ page, text }) => [page, text])).toEqual([
      [1, "what the first page says"],
      [2, "what the second page says"],
    ]);
    expect(pages).toEqual(["1/2", "2/2"]);
  });

  test.each([
    ["scanned PDF", "folder/logbook-scan.pdf"],
    ["picture of several pages", "images/minutes.tiff"],
  ])("a %s fails with the page that failed, others still being read", async (_, path) => {
    const { ocr, calls } = patient(2);
    const reading = readDocument(input(path, readFileSync(join(fixtures, path)), { ocr }));
    const outcome = expect(reading).rejects.toThrow("no memory");
    await until(() => calls.length === 2);
    calls[1]?.fail(new Error("no memory"));
    calls[0]?.end("first");
    await outcome;
  });
});
