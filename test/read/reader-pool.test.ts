import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { type ChunkReader, chunkReader } from "../../lib/read/isolated.ts";
import { ocrPool } from "../../lib/read/ocr/ocr-pool.ts";
import { readerPool } from "../../lib/read/reader-pool.ts";
import type { DocumentChunks } from "../../lib/read/to-chunks.ts";
import { input, noEmbedder } from "./reading.ts";

const done = (key: string): DocumentChunks => ({
  chunks: [],
  pictures: [],
  copies: 0,
  metadata: { key },
  type: "txt",
  notes: [],
});

/** Readers whose documents end when the test says so. */
const held = () => {
  const running = new Map<string, () => void>();
  const open = (): ChunkReader => ({
    read: ({ key }) => new Promise((resolve) => running.set(key, () => resolve(done(key)))),
    warm: async () => undefined,
    close: async () => undefined,
  });
  return { running, open };
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("readerPool", () => {
  test("documents that may take long leave one thread to the others", async () => {
    const { running, open } = held();
    const pool = readerPool(open, 3);
    const all = ["a.pdf", "b.png", "c.pdf", "d.txt"].map((key) => pool.read(input(key, "x")));
    await settled();
    expect([...running.keys()]).toEqual(["a.pdf", "b.png", "d.txt"]);
    running.get("d.txt")?.();
    await all[3];
    expect(running.has("c.pdf")).toBe(false);
    running.get("a.pdf")?.();
    await all[0];
    await settled();
    expect(running.has("c.pdf")).toBe(true);
    for (const end of running.values()) end();
    await Promise.all(all);
  });

  test("a large object counts as long, whatever it is called; threads are opened only when needed", async () => {
    const { running, open } = held();
    let opened = 0;
    const pool = readerPool(() => {
      opened++;
      return open();
    }, 2);
    const large = Buffer.alloc(2_000_001, 32);
    const all = [pool.read(input("a.txt", large)), pool.read(input("b.txt", large))];
    await settled();
    expect([...running.keys(), opened]).toEqual(["a.txt", 1]);
    running.get("a.txt")?.();
    await all[0];
    await settled();
    running.get("b.txt")?.();
    await Promise.all(all);
    expect(opened).toBe(1);
  });
});

describe("a long document under OCR", () => {
  const options = {
    modelsDir: fileURLToPath(new URL("../../models", import.meta.url)),
    model: "multilingual-e5-small",
    cut: { strategy: "recursive" as const, size: 64, overlap: 8, rules: [] },
    maxBytes: 2_000,
    copies: null,
    maxChunks: 1_000,
    images: { gps: false },
    embedder: noEmbedder,
    ocr: ocrPool(["en", "zh"], 1),
  };
  const pool = readerPool(() => chunkReader(options), 2);
  afterAll(async () => {
    await pool.close();
    await options.ocr.close();
  });

  test("does not hold up a small one, and tells its pages", async () => {
    const bytes = readFileSync(join(import.meta.dirname, "../fixtures/images/minutes.tiff"));
    const ended: string[] = [];
    const pages: string[] = [];
    const onPage = (page: number, total: number) => void pages.push(`${page}/${total}`);
    const long = pool.read(input("minutes.tiff", bytes, { onPage })).then((read) => {
      ended.push("long");
      return read;
    });
    await pool.read(input("small.txt", "Kites circle in thermals."));
    ended.push("small");
    const { chunks } = await long;
    expect(ended).toEqual(["small", "long"]);
    expect(pages).toEqual(["1/2", "2/2"]);
    expect(chunks.map(({ page }) => page)).toEqual([1, 2]);
  });

  test("is stopped at its time without harm to the process, and the next one is read", async () => {
    const bytes = readFileSync(join(import.meta.dirname, "../fixtures/images/minutes.tiff"));
    const stop = new AbortController();
    const long = pool.read(
      input("minutes.tiff", bytes, { signal: stop.signal, onPage: () => stop.abort(new Error("stopped")) }),
    );
    await expect(long).rejects.toThrow("stopped");
    expect((await pool.read(input("small.txt", "Kites circle in thermals."))).chunks).toHaveLength(1);
  });
});
