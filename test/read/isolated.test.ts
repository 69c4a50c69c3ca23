import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { hashEmbedder } from "../../lib/embed/hash-embedder.ts";
import { AppError } from "../../lib/errors.ts";
import { chunkReader } from "../../lib/read/isolated.ts";
import type { ReadInput } from "../../lib/read/reader.ts";
import { input, limits, noEmbedder } from "./reading.ts";

const setup = {
  modelsDir: fileURLToPath(new URL("../../models", import.meta.url)),
  model: "multilingual-e5-small",
  cut: { strategy: "recursive" as const, size: 64, overlap: 8, rules: [] },
  maxBytes: 2_000,
  copies: null,
  maxChunks: 1_000,
  images: { gps: false },
  embedder: noEmbedder,
  ocr: null,
};
const reader = chunkReader(setup);
afterAll(() => reader.close());

const good = () => reader.read(input("typst-guide.pdf"));
const within = (change: Partial<ReadInput["limits"]>): Partial<ReadInput> => ({
  limits: { ...limits, ...change },
});

test("a document is read in a thread of its own, with the model's tokenizer", async () => {
  const { chunks, type } = await good();
  expect(type).toBe("pdf");
  expect(chunks.length).toBeGreaterThan(3);
  for (const chunk of chunks) expect(chunk.tokens).toBeLessThanOrEqual(64);
});

test("failures cross the thread with code and message", async () => {
  await expect(reader.read(input("encrypted.pdf"))).rejects.toMatchObject({
    code: "ENCRYPTED_DOCUMENT",
    message: expect.stringMatching(/^encrypted\.pdf: /),
  });
});

test("a document that never ends is stopped at its time, and the next one is read", async () => {
  // 200,000 open elements: the HTML parser looks at all of them for each.
  const endless = input("endless.html", `<html>${"<div>".repeat(200_000)}`, within({ seconds: 1 }));
  const began = performance.now();
  await reader.warm();
  const stopped = reader.read(endless);
  const next = good();
  await expect(stopped).rejects.toMatchObject({ code: "PARSE_TIMEOUT" });
  expect((await next).type).toBe("pdf");
  expect(performance.now() - began).toBeLessThan(30_000);
});

test("a document that unpacks without end is stopped at its bytes", async () => {
  const small = { ...input("bomb.pdf", undefined, within({ decompressedBytes: 1_000 })) };
  await expect(reader.read(small)).rejects.toMatchObject({ code: "DECOMPRESSION_BOMB" });
});

test("a document that needs too much memory fails; the process does not", async () => {
  const tight = chunkReader({ ...setup, heapMb: 200 });
  const huge = input("huge.html", "<p><b>a</b>".repeat(500_000), within({ objectBytes: 100_000_000 }));
  try {
    await expect(tight.read(huge)).rejects.toMatchObject({ code: "DOCUMENT_TOO_LARGE" });
    expect((await tight.read(input("typst-guide.pdf"))).type).toBe("pdf");
  } finally {
    await tight.close();
  }
});

test("an abort ends the read with the signal's reason", async () => {
  const controller = new AbortController();
  const reason = new Error("function is about to end");
  const reading = reader.read(input("bomb.pdf", undefined, { signal: controller.signal }));
  controller.abort(reason);
  await expect(reading).rejects.toBe(reason);
});

test("a model that is not there is a fault of the set-up, not of the document", async () => {
  const without = chunkReader({ ...setup, modelsDir: "/nowhere" });
  await expect(without.read(input("typst-guide.pdf"))).rejects.toMatchObject({
    code: expect.stringMatching(/^MODEL_|^CONFIG_|^INTERNAL/),
  });
  await without.close();
});

test("closing does not wait for a document, and its failure is one that a retry can mend", async () => {
  const closing = chunkReader(setup);
  await closing.warm();
  const reading = closing.read(input("endless.html", `<html>${"<div>".repeat(200_000)}`));
  const rest = closing.read(input("typst-guide.pdf"));
  const outcome = Promise.allSettled([reading, rest]);
  await closing.close();
  for (const result of await outcome)
    expect(result).toMatchObject({ status: "rejected", reason: { code: "INTERNAL", retry: true } });
});

describe("strategies that cut by meaning", () => {
  const kites = "Kites circle in warm air. Warm air lifts kites. Circling kites need warm air.";
  const taxes = "Pay the tax in May. Late tax costs interest. The tax office counts interest in days.";
  const document = (key: string) => input(key, `${kites} ${taxes}`);
  const cut = { ...setup.cut, rules: [{ prefix: "meaning/", strategy: "semantic" as const }] };

  test("get vectors from the embedder outside the thread, those of other folders ask for none", async () => {
    const asked: string[] = [];
    const embedder = hashEmbedder();
    const embed: typeof embedder.embed = (texts, kind) => {
      asked.push(...texts);
      return embedder.embed(texts, kind);
    };
    const mixed = chunkReader({ ...setup, cut, embedder: async () => ({ embed }) });
    try {
      expect((await mixed.read(document("plain/a.txt"))).chunks).toHaveLength(1);
      expect(asked).toEqual([]);
      const { chunks } = await mixed.read(document("meaning/a.txt"));
      expect(chunks.map(({ text }) => text)).toEqual([kites, taxes]);
      expect(asked).toHaveLength(6);
    } finally {
      await mixed.close();
    }
  });

  test("fail as the embedder does, and the thread reads on", async () => {
    const embed = () => Promise.reject(new AppError("EMBEDDING_FAILED", "model m: out of memory"));
    const failing = chunkReader({ ...setup, cut, embedder: async () => ({ embed }) });
    try {
      await expect(failing.read(document("meaning/a.txt"))).rejects.toMatchObject({
        code: "EMBEDDING_FAILED",
        message: "model m: out of memory",
        retry: true,
      });
      expect((await failing.read(document("plain/a.txt"))).chunks).toHaveLength(1);
    } finally {
      await failing.close();
    }
  });

  test("stop waiting for an embedder that never answers, at the document's time", async () => {
    const embed = () => new Promise<never>(() => undefined);
    const waiting = chunkReader({ ...setup, cut, embedder: async () => ({ embed }) });
    try {
      const late = { ...document("meaning/a.txt"), ...within({ seconds: 1 }) };
      await expect(waiting.read(late)).rejects.toMatchObject({ code: "PARSE_TIMEOUT" });
      expect((await waiting.read(document("plain/a.txt"))).chunks).toHaveLength(1);
    } finally {
      await waiting.close();
    }
  });
});
