import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { messageBody } from "../../lib/message-body.ts";
import { encodeVectors, maxMessageBytes, type WriteMessage, writeMessage } from "../../lib/messages.ts";
import { packBatches, planOf, type Shared } from "../../lib/steps/pack.ts";
import { chunk } from "./harness.ts";

const embedding = { identity: "0".repeat(32), model: "multilingual-e5-small", dimension: 384 };
const shared: Shared = {
  bucket: "kettle-documents",
  key: "中文/k.txt",
  documentId: "d".repeat(32),
  contentType: "text/plain",
  metadata: { author: "li" },
};
const options = { embedding, images: null };

/** The last message of the chain, at its largest. */
const full = (chunks: ReturnType<typeof chunk>[]): WriteMessage => {
  const { bucket, ...document } = shared;
  return {
    version: 1,
    bucket,
    document: {
      ...document,
      metadata: { author: "li" },
      run: Number.MAX_SAFE_INTEGER,
      ingestedAt: Number.MAX_SAFE_INTEGER,
    },
    batch: 1000,
    batches: 1001,
    chunks: chunks.map((each) => ({ ...each, qualityFlags: [...each.qualityFlags] })),
    embedding,
    vectors: encodeVectors(new Float32Array(chunks.length * embedding.dimension).fill(-0.123456)),
    clusterVersion: 1_700_000_000_000,
    clusterIds: chunks.map(() => 4095),
    clusterDistances: chunks.map(() => -1.234567e-7),
  };
};

const anyText = fc.string({ unit: "binary", maxLength: 3000 });
const someChunks = fc
  .array(fc.tuple(anyText, anyText), { minLength: 1, maxLength: 150 })
  .map((texts) => texts.map(([text, heading], ordinal) => chunk(ordinal, { text, heading })));

describe("packBatches", () => {
  it("keeps every message under the limit, vectors and labels included, and loses no chunk", () => {
    fc.assert(
      fc.property(someChunks, (chunks) => {
        const batches = [...packBatches(chunks, shared, options)];
        expect(batches.flat()).toEqual(chunks);
        for (const batch of batches) {
          const body = messageBody(full([...batch]));
          expect(Buffer.byteLength(body)).toBeLessThanOrEqual(maxMessageBytes);
          expect(() => writeMessage.parse(JSON.parse(body))).not.toThrow();
        }
      }),
      { numRuns: 25 },
    );
  });

  it("fills its messages", () => {
    const chunks = Array.from({ length: 500 }, (_, ordinal) => chunk(ordinal, { text: "x".repeat(1_000) }));
    const [batch] = packBatches(chunks, shared, options);
    expect(Buffer.byteLength(messageBody(full([...(batch ?? [])])))).toBeGreaterThan(maxMessageBytes * 0.95);
  });

  it("gives nothing for nothing", () => {
    expect([...packBatches([], shared, options)]).toEqual([]);
  });

  it("refuses metadata that leave no room, and names the document", () => {
    const heavy = { ...shared, metadata: { note: "x".repeat(150_000) } };
    expect(() => [...packBatches([chunk(0)], heavy, options)]).toThrow(/metadata of 中文\/k\.txt/);
  });

  it("refuses a chunk that fits in no message", () => {
    const huge = chunk(0, { text: "\u0001".repeat(40_000) });
    expect(() => [...packBatches([huge], shared, options)]).toThrow(/chunk 0/);
  });
});

describe("planOf", () => {
  const chunks = Array.from({ length: 200 }, (_, ordinal) =>
    chunk(ordinal, { text: `${ordinal} ${"x".repeat(2_000)}` }),
  );
  const plan = planOf({ chunks, pictures: [] }, shared, options);

  it("is the same for the same chunks", () => {
    expect(planOf({ chunks: structuredClone(chunks), pictures: [] }, { ...shared }, options)).toEqual(plan);
    expect(plan.batches).toBe([...packBatches(chunks, shared, options)].length);
  });

  it.each([
    ["a chunk's text", chunks.with(7, chunk(7, { text: "other" })), shared, options],
    ["a chunk's page", chunks.with(7, { ...chunks[7]!, page: 3 }), shared, options],
    ["one chunk less", chunks.slice(1), shared, options],
    ["metadata", chunks, { ...shared, metadata: { author: "zhang" } }, options],
    ["the borders of batches", chunks, shared, { ...options, maxBytes: 150_000 }],
  ])("another one by %s", (_, otherChunks, otherShared, otherOptions) => {
    expect(planOf({ chunks: otherChunks, pictures: [] }, otherShared, otherOptions).hash).not.toBe(plan.hash);
  });
});
