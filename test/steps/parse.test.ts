import { describe, expect, it } from "vitest";
import type { Bucket } from "../../lib/aws/bucket.ts";
import { AppError } from "../../lib/errors.ts";
import type { ReadChunks } from "../../lib/steps/parse.ts";
import { chunk, first, harness, id, key, last, lines, look } from "./harness.ts";

const failing =
  (error: Error): ReadChunks =>
  () =>
    Promise.reject(error);

describe("parse", () => {
  it("writes the ledger and sends what was read", async () => {
    const { documents, steps, queues, entry } = harness();
    documents.upload(key, "one\ntwo", { contentType: "text/plain", metadata: { author: "li" } });
    await steps.parse()(look, first);
    expect(await entry()).toMatchObject({
      state: "processing",
      run: 1_000_000,
      served: null,
      batches: 1,
      counts: { expected: 2, stored: 0, lowQuality: 0, dropped: 0 },
      source: { size: 7, contentType: "text/plain" },
      fingerprint: "f1",
    });
    expect(queues.embed.sent).toMatchObject([
      {
        bucket: "documents",
        document: {
          documentId: id,
          run: 1_000_000,
          key,
          contentType: "text/plain",
          metadata: { author: "li" },
        },
        batch: 0,
        batches: 1,
        chunks: [{ text: "one" }, { text: "two" }],
      },
    ]);
  });

  it("what a folder says stands between the file and the object's own metadata; inner folders above outer ones", async () => {
    const { documents, steps, queues } = harness();
    documents.upload(key, "one", { metadata: { author: "li" } });
    const readChunks: ReadChunks = async (input) => ({
      ...(await lines(input)),
      metadata: { author: "file", title: "T", team: "file" },
    });
    const folders = {
      [key]: { team: "inner" },
      [key.slice(0, 1)]: { team: "outer", author: "folder", year: 2026 },
      "elsewhere/": { team: "other" },
    };
    await steps.parse({ readChunks, folders })(look, first);
    expect(queues.embed.sent[0]?.document.metadata).toEqual({
      author: "li",
      title: "T",
      team: "inner",
      year: 2026,
    });
  });

  it("tags stand between the folder and the object's own metadata; a name that filters cannot ask for is noted", async () => {
    const { documents, steps, queues, entry } = harness();
    const tags = { team: "tag", author: "tag", 部门: "研发", "cost:center": "7", year: "tag" };
    documents.upload(key, "one", { metadata: { author: "li" }, tags });
    const folders = { [key]: { team: "folder", place: "folder" } };
    await steps.parse({ folders })(look, first);
    expect(queues.embed.sent[0]?.document.metadata).toEqual({
      author: "li",
      team: "tag",
      place: "folder",
      部门: "研发",
      year: "tag",
    });
    expect((await entry()).notes).toEqual([expect.stringMatching(/"cost:center" is left out/)]);
  });

  it("another tag is another revision; the same tags put again are none", async () => {
    const { documents, ingest, steps, entry, queues, drain, store, names } = harness();
    await ingest("one");
    const before = await entry();
    documents.retag(key, { team: "red" });
    await steps.parse()(look, first);
    await drain();
    const retagged = await entry();
    expect(retagged).toMatchObject({ state: "ready", run: before.run + 1, served: before.run + 1 });
    const { rows } = await store.scan(names.main, { limit: 10 });
    expect(rows.map(({ metadata }) => metadata)).toEqual([{ team: "red" }]);
    documents.retag(key, { team: "red" });
    await steps.parse()(look, first);
    expect(queues.embed.sent).toEqual([]);
    expect(await entry()).toEqual(retagged);
  });

  it("begins again when the tags changed before its swap", async () => {
    const { documents, steps, queues } = harness();
    documents.upload(key, "one", { tags: { team: "red" } });
    let changed = false;
    const bucket: Bucket = {
      ...documents,
      head: (name) => {
        if (!changed) documents.retag(key, { team: "blue" });
        changed = true;
        return documents.head(name);
      },
    };
    await steps.parse({ bucket })(look, first);
    expect(queues.embed.sent.map(({ document }) => document.metadata)).toEqual([{ team: "blue" }]);
  });

  it("an object that goes between its bytes and its tags is buried", async () => {
    const { documents, steps, ingest, entry, texts } = harness();
    await ingest("one");
    documents.upload(key, "two");
    const bucket: Bucket = {
      ...documents,
      tags: async (name) => {
        await documents.delete([name]);
        return documents.tags(name);
      },
    };
    await steps.parse({ bucket })(look, first);
    expect(await entry()).toMatchObject({ state: "deleted", served: null });
    expect(await texts()).toEqual([]);
  });

  it("the object's own metadata stand above what the file says of itself", async () => {
    const { documents, steps, queues } = harness();
    documents.upload(key, "one", { metadata: { author: "li" } });
    const readChunks: ReadChunks = async (input) => ({
      ...(await lines(input)),
      metadata: { author: "file", title: "T" },
    });
    await steps.parse({ readChunks })(look, first);
    expect(queues.embed.sent[0]?.document.metadata).toEqual({ author: "li", title: "T" });
  });

  it("what was left out of a document stands on its entry until it is read again, and pages are told while it is read", async () => {
    const { documents, steps, entry } = harness();
    documents.upload(key, "one");
    const told: string[] = [];
    const progress = {
      note: (document: { readonly key: string }, page: number, pages: number) =>
        void told.push(`${document.key} ${page}/${pages}`),
      clear: async (documentId: string) => void told.push(`end ${documentId}`),
    };
    const readChunks: ReadChunks = async (input) => {
      input.onPage(1, 2);
      return { ...(await lines(input)), notes: ["no text was found in the picture"] };
    };
    await steps.parse({ readChunks, progress })(look, first);
    expect(told).toEqual([`${key} 1/2`, `end ${id}`]);
    expect((await entry())?.notes).toEqual(["no text was found in the picture"]);
    documents.upload(key, "two");
    await steps.parse({ progress })(look, first);
    expect((await entry())?.notes ?? []).toEqual([]);
  });

  it("does nothing for a revision that is ready", async () => {
    const { ingest, steps, queues, entry } = harness();
    await ingest("one");
    const before = await entry();
    await steps.parse()(look, first);
    expect(await entry()).toEqual(before);
    expect(queues.embed.sent).toEqual([]);
  });

  it.each([
    ["bytes", { body: "two" }],
    ["metadata alone", { metadata: { a: "b" } }],
    ["the content type alone", { contentType: "text/markdown" }],
  ])(
    "another revision by %s is another run",
    async (_, {
      body,
      ...options
    }: { body?: string; metadata?: Record<string, string>; contentType?: string }) => {
      const { ingest, documents, steps, entry } = harness();
      await ingest("one");
      const { run, revision } = await entry();
      documents.upload(key, body ?? "one", options);
      await steps.parse()(look, first);
      expect(await entry()).toMatchObject({ state: "processing", run: run + 1, served: run });
      expect((await entry()).revision).not.toBe(revision);
    },
  );

  it("another fingerprint is another revision", async () => {
    const { ingest, steps, entry } = harness();
    await ingest("one");
    await steps.parse({ fingerprint: "f2" })(look, first);
    expect(await entry()).toMatchObject({ state: "processing", fingerprint: "f2" });
  });

  it("the same plan resumes its run and sends only batches without a receipt", async () => {
    const { documents, steps, queues, entry, receipts } = harness();
    const body = Array.from({ length: 12 }, (_, i) => `line ${i} ${"x".repeat(60)}`).join("\n");
    documents.upload(key, body);
    const parse = steps.parse({ maxMessageBytes: 1_500 });
    await parse(look, first);
    const { run, batches } = await entry();
    expect(batches).toBeGreaterThan(2);
    expect(queues.embed.sent.splice(0)).toHaveLength(batches);
    await receipts.put(id, run, 1, { stored: 1, low: 0, dropped: 0 });
    await parse(look, first);
    expect((await entry()).run).toBe(run);
    expect(queues.embed.sent.map(({ batch }) => batch)).toEqual(
      Array.from({ length: batches }, (_, i) => i).filter((batch) => batch !== 1),
    );
  });

  it("another plan of the same revision is another run", async () => {
    const { documents, steps, entry } = harness();
    documents.upload(key, "one");
    await steps.parse()(look, first);
    const { run } = await entry();
    const readChunks: ReadChunks = async (input) =>
      lines({ ...input, bytes: Buffer.from("read differently") });
    await steps.parse({ readChunks })(look, first);
    expect(await entry()).toMatchObject({ state: "processing", run: run + 1 });
  });

  it("a deleted object leaves a tombstone, and its rows go", async () => {
    const { ingest, documents, steps, entry, texts } = harness();
    await ingest("one");
    const { run } = await entry();
    await documents.delete([key]);
    await steps.parse()(look, first);
    expect(await entry()).toMatchObject({ state: "deleted", run: run + 1, served: null });
    expect(await texts()).toEqual([]);
  });

  it("an object that was never known and is gone leaves nothing", async () => {
    const { steps, ledger } = harness();
    await steps.parse()(look, first);
    expect(await ledger.read(key)).toBeNull();
  });

  it("created again with the same bytes it is ingested again, in a later run", async () => {
    const { ingest, documents, steps, drain, entry, texts } = harness();
    await ingest("one");
    const { run } = await entry();
    await documents.delete([key]);
    await steps.parse()(look, first);
    documents.upload(key, "one");
    await steps.parse()(look, first);
    await drain();
    expect(await entry()).toMatchObject({ state: "ready", run: run + 2, served: run + 2 });
    expect(await texts()).toEqual(["one"]);
  });

  it("begins again when the object changed before its swap", async () => {
    const { documents, steps, queues, entry } = harness();
    documents.upload(key, "old");
    let changed = false;
    const bucket: Bucket = {
      ...documents,
      head: (name) => {
        if (!changed) documents.upload(key, "new");
        changed = true;
        return documents.head(name);
      },
    };
    await steps.parse({ bucket })(look, first);
    expect(queues.embed.sent.flatMap(({ chunks }) => chunks.map(({ text }) => text))).toEqual(["new"]);
    expect((await entry()).counts.expected).toBe(1);
  });

  it.each([
    ["CORRUPT_DOCUMENT", { readChunks: failing(new AppError("CORRUPT_DOCUMENT", "no PDF")) }, "x"],
    ["EMPTY_DOCUMENT", {}, "\n"],
    ["DOCUMENT_TOO_LARGE", {}, "x".repeat(1_001)],
    ["DOCUMENT_TOO_LARGE", { limits: { objectBytes: 1_000, chunks: 1 } }, "a\nb"],
  ])("%s is recorded once and acknowledged; the old rows go", async (code, over, body) => {
    const { ingest, documents, steps, entry, texts, queues } = harness();
    await ingest("one");
    const { run } = await entry();
    documents.upload(key, body);
    await steps.parse(over)(look, first);
    const failed = await entry();
    expect(failed).toMatchObject({
      state: "failed",
      run: run + 1,
      served: null,
      failure: { stage: "parse", code, attempts: 1 },
    });
    expect(await texts()).toEqual([]);
    await steps.parse(over)(look, first);
    expect(await entry()).toEqual(failed);
    expect(queues.embed.sent).toEqual([]);
  });

  it("refuses what is too large before it reads the body", async () => {
    const { documents, steps, entry } = harness();
    documents.upload(key, "x".repeat(2_000));
    let read = false;
    const bucket: Bucket = {
      ...documents,
      get: async (name) => {
        const object = await documents.get(name);
        object?.body.on("data", () => {
          read = true;
        });
        object?.body.pause();
        return object;
      },
    };
    await steps.parse({ bucket })(look, first);
    expect((await entry()).failure?.message).toContain("2000 bytes");
    expect(read).toBe(false);
  });

  it("a passing failure keeps what is served, and comes back", async () => {
    const { ingest, documents, steps, entry, texts } = harness();
    await ingest("one");
    documents.upload(key, "two");
    const before = await entry();
    await expect(steps.parse({ readChunks: failing(new Error("hiccup")) })(look, first)).rejects.toThrow(
      "hiccup",
    );
    expect(await entry()).toEqual(before);
    expect(await texts()).toEqual(["one"]);
  });

  it("a wrong set-up is no failure of the document", async () => {
    const { ingest, documents, steps, entry } = harness();
    await ingest("one");
    documents.upload(key, "two");
    const readChunks = failing(new AppError("MODEL_MISSING", "no tokenizer"));
    await expect(steps.parse({ readChunks })(look, last)).rejects.toMatchObject({ code: "MODEL_MISSING" });
    expect(await entry()).toMatchObject({
      state: "failed",
      served: 1_000_000,
      failure: { code: "MODEL_MISSING" },
    });
  });

  it("refuses another bucket's events", async () => {
    const { steps } = harness();
    await expect(steps.parse()({ ...look, bucket: "other" }, first)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
  });
});

describe("parse in its last delivery", () => {
  it("writes CRASHED before the work, and takes it back after", async () => {
    const { documents, steps, entry, queues } = harness();
    documents.upload(key, "one");
    let during: unknown;
    const readChunks: ReadChunks = async (input) => {
      during = await entry();
      return lines(input);
    };
    await steps.parse({ readChunks })(look, last);
    expect(during).toMatchObject({
      state: "failed",
      failure: { stage: "parse", code: "CRASHED", attempts: 1 },
    });
    expect(await entry()).toMatchObject({ state: "processing", failure: null });
    expect(queues.embed.sent).toHaveLength(1);
  });

  it("keeps the old revision served, and replaces CRASHED by the reason when it throws", async () => {
    const { ingest, documents, steps, entry } = harness();
    await ingest("one");
    documents.upload(key, "two");
    await expect(steps.parse({ readChunks: failing(new Error("hiccup")) })(look, last)).rejects.toThrow();
    expect(await entry()).toMatchObject({
      state: "failed",
      served: 1_000_000,
      failure: { code: "INTERNAL", message: "hiccup", attempts: 1 },
    });
  });

  it("a permanent failure replaces CRASHED and counts once", async () => {
    const { documents, steps, entry } = harness();
    documents.upload(key, "one");
    await steps.parse({ readChunks: failing(new AppError("ENCRYPTED_DOCUMENT", "locked")) })(look, last);
    expect(await entry()).toMatchObject({
      state: "failed",
      failure: { code: "ENCRYPTED_DOCUMENT", attempts: 1 },
    });
  });

  it("a failure that may pass is work to do when the message is redriven, and its attempts are counted", async () => {
    const { documents, steps, entry, drain } = harness();
    documents.upload(key, "one");
    const broken = steps.parse({ readChunks: failing(new Error("hiccup")) });
    await expect(broken(look, last)).rejects.toThrow();
    await steps.retry()(id);
    await expect(broken(look, last)).rejects.toThrow();
    expect(await entry()).toMatchObject({ state: "failed", failure: { attempts: 2 } });
    await steps.parse()(look, first);
    await drain();
    expect(await entry()).toMatchObject({ state: "ready", failure: null });
  });
});

describe("how a document's chunks were judged", () => {
  const judged: ReadChunks = async () => ({
    chunks: [
      chunk(0, { quality: 0.9 }),
      chunk(2, { text: "menu", quality: 0.1, qualityFlags: ["boilerplate", "fragments"] }),
      chunk(3, { text: "menu too", quality: 0.2, qualityFlags: ["boilerplate"] }),
    ],
    copies: 1,
    metadata: {},
  });

  it("stands with the ledger's entry, and copies that were dropped are counted to the end", async () => {
    const { steps, documents, entry, drain, texts } = harness();
    documents.upload(key, "whatever");
    await steps.parse({ readChunks: judged })(look, first);
    const quality = { mean: 0.4, flags: { duplicate: 1, boilerplate: 2, fragments: 1 } };
    expect(await entry()).toMatchObject({ quality, counts: { expected: 4, dropped: 1 } });
    await drain();
    expect(await entry()).toMatchObject({
      state: "ready",
      quality,
      counts: { expected: 4, stored: 1, lowQuality: 2, dropped: 1 },
    });
    expect(await texts()).toEqual(["chunk 0"]);
  });

  it("explains why a document of nothing but poor chunks failed, and goes with a deleted one", async () => {
    const { steps, documents, entry, drain } = harness();
    documents.upload(key, "poor 1\npoor 2");
    await steps.parse()(look, first);
    await drain();
    expect(await entry()).toMatchObject({ failure: { code: "ONLY_LOW_QUALITY" }, quality: { mean: 0.1 } });
    await documents.delete([key]);
    await steps.parse()(look, first);
    expect((await entry()).quality).toBeUndefined();
  });
});
