import { S3Client } from "@aws-sdk/client-s3";
import { beforeEach, describe, expect, it } from "vitest";
import { s3Presigner } from "../../lib/aws/presigner.ts";
import type { ChunkRow } from "../../lib/chunk-row.ts";
import { qualityResponse } from "../../lib/http/schemas.ts";
import { chunkId, documentId } from "../../lib/ids.ts";
import type { EntryChange } from "../../lib/ledger/ledger.ts";
import { ledgerOver } from "../../lib/ledger/s3-ledger.ts";
import { joinSummaries, summariseQuality } from "../../lib/quality/summary.ts";
import {
  deleteDocument,
  getDocument,
  getOriginal,
  listChunks,
  listDocuments,
} from "../../lib/steps/documents.ts";
import { qualityOf } from "../../lib/steps/quality.ts";
import { createUpload } from "../../lib/steps/uploads.ts";
import { memoryStore } from "../../lib/store/memory.ts";
import { memoryBucket } from "../contract/memory-bucket.ts";

const bucket = "documents";
const now = 1_800_000_000_000;

const presigner = s3Presigner(
  new S3Client({
    region: "eu-central-1",
    endpoint: "http://127.0.0.1:4566",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    requestChecksumCalculation: "WHEN_REQUIRED",
  }),
  bucket,
);

const change = (over: Partial<EntryChange> = {}): EntryChange => ({
  state: "ready",
  run: 1,
  revision: "revision",
  plan: "plan",
  batches: 1,
  served: 1,
  counts: { expected: 3, stored: 2, lowQuality: 1, dropped: 0 },
  failure: null,
  source: null,
  fingerprint: "today",
  embedding: "identity",
  ...over,
});

const row = (key: string, run: number, ordinal: number): ChunkRow => {
  const id = documentId(bucket, key);
  return {
    id: chunkId(id, run, ordinal),
    documentId: id,
    run,
    key,
    contentType: "text/plain",
    metadata: {},
    ingestedAt: run,
    ordinal,
    text: `${key} ${run} ${ordinal}`,
    tokens: 3,
    page: null,
    heading: "",
    charStart: 0,
    charEnd: 5,
    modality: "text",
    language: "en",
    contentHash: "hash",
    quality: 1,
    qualityFlags: [],
    clusterId: -1,
    clusterVersion: 0,
    clusterDistance: 0,
    duplicateGroup: "hash",
    vector: Float32Array.of(1, 0),
  };
};

const makeWorld = () => {
  const documents = memoryBucket(bucket);
  let nonces = 0;
  const ledger = ledgerOver({
    state: memoryBucket("state"),
    bucket,
    clock: () => now,
    nonce: () => String(nonces++),
  });
  const store = memoryStore();
  return {
    documents,
    ledger,
    store,
    put: (key: string, over: Partial<EntryChange> = {}) => ledger.swap(key, null, change(over)),
    fill: async (collection: string, rows: readonly ChunkRow[]) => {
      const name = `${collection}_physical`;
      await store.ensure({ name, dimension: 2, identity: "identity", model: "model" });
      await store.setAlias(collection, name);
      await store.upsert(name, rows);
    },
  };
};

let world: ReturnType<typeof makeWorld>;
beforeEach(() => {
  world = makeWorld();
});

describe("the quality of all documents", () => {
  it("is summed up by pages, those that were deleted or never judged left out", async () => {
    const counts = { expected: 2, stored: 1, lowQuality: 1, dropped: 0 };
    const quality = {
      mean: 0.5,
      flags: { digits: 1 },
      languages: { en: 2 },
      scores: [1, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    };
    for (const key of ["a/1", "a/2", "b/3"]) await world.put(key, { counts, quality });
    await world.put("a/gone", { state: "deleted", served: null, fingerprint: null });
    const page = qualityOf({ ledger: world.ledger });
    const all = await page({ prefix: "", limit: 100 });
    expect(qualityResponse.parse(all)).toMatchObject({
      documents: 3,
      chunks: 6,
      scores: quality.scores.map((n) => 3 * n),
    });
    expect(await page({ prefix: "a/", limit: 100 })).toMatchObject({ documents: 2, flags: { digits: 2 } });
    let sum = summariseQuality([]);
    let cursor: string | undefined;
    do {
      const { cursor: next, ...rest } = await page({ prefix: "", limit: 1, cursor });
      sum = joinSummaries(sum, rest);
      cursor = next;
    } while (cursor !== undefined);
    expect(sum).toEqual(all);
  });
});

describe("the list of documents", () => {
  const list = (options: Partial<Parameters<ReturnType<typeof listDocuments>>[0]> = {}) =>
    listDocuments({ ledger: world.ledger, fingerprint: "today" })({ prefix: "", limit: 50, ...options });
  const keys = async (options: Parameters<typeof list>[0] = {}) =>
    (await list(options)).documents.map(({ key }) => key);

  it("gives every document once, whatever the size of the pages", async () => {
    const all = Array.from({ length: 23 }, (_, i) => `doc ${String(i).padStart(2, "0")} 文`);
    for (const key of all) await world.put(key);
    for (const limit of [1, 5, 23, 50]) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await list({ limit, cursor });
        expect(page.documents.length).toBeLessThanOrEqual(limit);
        seen.push(...page.documents.map(({ key }) => key));
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(seen, `limit ${limit}`).toEqual(all);
    }
  });

  it("leaves tombstones out unless they are asked for", async () => {
    await world.put("alive");
    await world.put("gone", { state: "deleted", served: null, fingerprint: null });
    expect(await keys()).toEqual(["alive"]);
    expect(await keys({ state: "deleted" })).toEqual(["gone"]);
  });

  it("finds the few of a state among many others, page by page", async () => {
    for (let i = 0; i < 40; i++)
      await world.put(`doc ${String(i).padStart(2, "0")}`, i % 13 === 5 ? { state: "pending" } : {});
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await list({ state: "pending", limit: 2, cursor });
      seen.push(...page.documents.map(({ key }) => key));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(["doc 05", "doc 18", "doc 31"]);
  });

  it("is bounded by a prefix of the key", async () => {
    for (const key of ["a/1", "a/2", "ab", "b/1"]) await world.put(key);
    expect(await keys({ prefix: "a/" })).toEqual(["a/1", "a/2"]);
  });
});

describe("one document", () => {
  const get = (key: string) =>
    getDocument({ ledger: world.ledger, fingerprint: "today" })(documentId(bucket, key));

  it("shows state, counts and the failure with its stage and code", async () => {
    const failure = {
      stage: "parse",
      code: "ENCRYPTED_DOCUMENT",
      message: "needs a password",
      attempts: 1,
    } as const;
    await world.put("a.pdf", { state: "failed", served: null, failure });
    expect(await get("a.pdf")).toEqual({
      id: documentId(bucket, "a.pdf"),
      key: "a.pdf",
      state: "failed",
      revision: "revision",
      outdated: false,
      counts: { expected: 3, stored: 2, lowQuality: 1, dropped: 0 },
      failure,
      updatedAt: now,
    });
  });

  it.each([
    ["made with today's parameters", change(), false],
    ["made with other parameters", change({ fingerprint: "yesterday" }), true],
    ["not read yet", change({ state: "pending", fingerprint: null }), false],
    ["deleted", change({ state: "deleted", served: null, fingerprint: "yesterday" }), false],
  ])("%s", async (_title, entry, outdated) => {
    await world.put("a", entry);
    expect(await get("a")).toMatchObject({ outdated });
  });

  it("an unknown one is NOT_FOUND", async () => {
    await expect(get("nothing")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("the chunks of a document", () => {
  const chunks = (key: string, page: { limit: number; cursor?: string } = { limit: 10 }) =>
    listChunks({ ledger: world.ledger, store: async () => world.store, collection: "kettle" })(
      documentId(bucket, key),
      page,
    );
  const ordinals = (page: Awaited<ReturnType<typeof chunks>>) =>
    page.chunks.map(({ ordinal, lowQuality }) => (lowQuality ? -ordinal : ordinal));

  it("come in order, the poor ones marked, by pages", async () => {
    await world.put("a", { counts: { expected: 5, stored: 3, lowQuality: 1, dropped: 1 } });
    await world.fill("kettle", [row("a", 1, 4), row("a", 1, 0), row("a", 1, 2)]);
    await world.fill("kettle_low", [row("a", 1, 1)]);
    const first = await chunks("a", { limit: 2 });
    expect({ ordinals: ordinals(first), total: first.total }).toEqual({ ordinals: [0, -1], total: 5 });
    const second = await chunks("a", { limit: 2, cursor: first.cursor! });
    expect(ordinals(second)).toEqual([2]);
    const third = await chunks("a", { limit: 2, cursor: second.cursor! });
    expect({ ordinals: ordinals(third), cursor: third.cursor }).toEqual({ ordinals: [4], cursor: undefined });
  });

  it("are those of the run that search gives, while another is under way", async () => {
    await world.put("a", {
      state: "processing",
      run: 2,
      served: 1,
      counts: { expected: 9, stored: 0, lowQuality: 0, dropped: 0 },
    });
    await world.fill("kettle", [row("a", 1, 0), row("a", 1, 1), row("a", 2, 0)]);
    const { chunks: found, total } = await chunks("a");
    expect({ total, runs: found.map(({ run }) => run) }).toEqual({ total: 2, runs: [1, 1] });
  });

  it.each([
    ["nothing is served yet", { state: "processing", served: null }],
    ["nothing was ever stored", {}],
  ] as const)("are none while %s", async (_title, over) => {
    await world.put("a", over);
    expect((await chunks("a")).chunks).toEqual([]);
  });

  it("refuse a cursor that is not one", async () => {
    await world.put("a");
    await expect(chunks("a", { limit: 1, cursor: "-1" })).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });
});

describe("the original", () => {
  const original = (key: string) =>
    getOriginal({
      ledger: world.ledger,
      documents: world.documents,
      presigner,
      seconds: 900,
      now: () => now,
    })(documentId(bucket, key));

  it("is a link to the object, for a time", async () => {
    await world.put("dir/ü b+c.txt");
    world.documents.upload("dir/ü b+c.txt", "text", { contentType: "text/plain" });
    const { url, ...rest } = await original("dir/ü b+c.txt");
    expect(rest).toEqual({ contentType: "text/plain", size: 4, expiresAt: now + 900_000 });
    expect(new URL(url).pathname).toBe(`/${bucket}/dir/%C3%BC%20b%2Bc.txt`);
    expect(new URL(url).searchParams.get("X-Amz-Expires")).toBe("900");
  });

  it("of an object that is gone is NOT_FOUND", async () => {
    await world.put("a");
    await expect(original("a")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("deleting a document", () => {
  it("deletes the object and leaves the ledger to the event", async () => {
    const remove = deleteDocument({ ledger: world.ledger, documents: world.documents });
    await world.put("a");
    world.documents.upload("a", "text");
    const id = documentId(bucket, "a");
    expect(await remove(id)).toEqual({ id, state: "ready" });
    expect(world.documents.objects.size).toBe(0);
    expect(await world.ledger.find(id)).toMatchObject({ state: "ready" });
    expect(await remove(id)).toEqual({ id, state: "ready" });
  });
});

describe("an upload", () => {
  const upload = createUpload({ bucket, presigner, maxBytes: 100, seconds: 60, now: () => now });

  it("is a link for exactly these bytes of this type", async () => {
    const link = await upload({ key: "报告.txt", contentType: "text/plain; charset=utf-8", size: 100 });
    expect(link).toMatchObject({
      headers: { "content-type": "text/plain; charset=utf-8" },
      key: "报告.txt",
      documentId: documentId(bucket, "报告.txt"),
      expiresAt: now + 60_000,
    });
    const query = new URL(link.url).searchParams;
    expect(query.get("X-Amz-SignedHeaders")).toBe("content-length;content-type;host");
    expect(query.get("X-Amz-Expires")).toBe("60");
    expect([...query.keys()].filter((name) => /checksum/i.test(name))).toEqual([]);
  });

  it("of more than limits.objectBytes is refused before anything is sent", async () => {
    await expect(upload({ key: "a", contentType: "text/plain", size: 101 })).rejects.toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
    });
  });
});
