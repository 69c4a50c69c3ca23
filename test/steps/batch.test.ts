import { describe, expect, it } from "vitest";
import { chunkId } from "../../lib/ids.ts";
import type { Receipts } from "../../lib/ledger/receipts.ts";
import { embedMessage } from "../../lib/messages.ts";
import { memoryStore } from "../../lib/store/memory.ts";
import type { VectorStore } from "../../lib/store/store.ts";
import { chunk, first, harness, id, key, last, look } from "./harness.ts";

/** A document that is parsed; its only batch waits in the queue of the stage. */
const atStage = async (stage: "embed" | "cluster" | "write", body = "one\ntwo", store?: VectorStore) => {
  const h = harness(store);
  h.documents.upload(key, body);
  await h.steps.parse()(look, first);
  if (stage !== "embed") await h.steps.embed()(h.queues.embed.sent.shift()!, first);
  if (stage === "write") await h.steps.cluster()(h.queues.cluster.sent.shift()!, first);
  return h;
};

describe("embed", () => {
  it("adds vectors and hands on", async () => {
    const { steps, queues } = await atStage("embed");
    await steps.embed()(queues.embed.sent[0]!, first);
    expect(queues.cluster.sent).toMatchObject([
      { embedding: { model: "test", dimension: 2 }, chunks: [{ text: "one" }, { text: "two" }] },
    ]);
  });

  it("batches with parents are of a version that functions from before there were any send back", async () => {
    const place = { ordinal: 1, tokens: 4, charStart: 0, charEnd: 18 };
    const parents = harness();
    parents.documents.upload(key, "any");
    const readChunks = async () => ({
      chunks: [
        chunk(0, { parent: { ...place, text: "" } }),
        chunk(1, { parent: { ...place, text: "chunk 0\n\nchunk 1" } }),
        chunk(2),
      ],
      metadata: {},
    });
    await parents.steps.parse({ readChunks })(look, first);
    expect(parents.queues.embed.sent).toMatchObject([{ version: 2 }]);
    expect((await atStage("embed")).queues.embed.sent).toMatchObject([{ version: 1 }]);
    for (const message of parents.queues.embed.sent) embedMessage.parse(message);
    await parents.drain();
    const { run } = await parents.entry();
    const ids = [0, 1, 2].map((ordinal) => chunkId(id, run, ordinal));
    const rows = await parents.store.fetch(parents.names.main, ids);
    const { ordinal: _, ...fields } = place;
    expect(rows.map(({ parent }) => parent)).toEqual([
      { ...fields, id: ids[1], text: "" },
      { ...fields, id: ids[1], text: "chunk 0\n\nchunk 1" },
      undefined,
    ]);
  });

  it("acknowledges a stale batch without work", async () => {
    const { steps, queues } = await atStage("embed");
    await steps.retry()(id);
    await steps.embed()(queues.embed.sent[0]!, first);
    expect(queues.cluster.sent).toEqual([]);
  });

  it("leaves a batch that was planned for another model", async () => {
    const { steps, queues, entry } = await atStage("embed");
    const other = steps.embed("another identity");
    await expect(other(queues.embed.sent[0]!, first)).rejects.toMatchObject({ code: "EMBEDDING_MISMATCH" });
    expect((await entry()).state).toBe("processing");
  });

  it("writes CRASHED before its last delivery's work and takes it back after", async () => {
    const { steps, queues, entry } = await atStage("embed");
    await steps.embed()(queues.embed.sent[0]!, last);
    expect(await entry()).toMatchObject({ state: "processing", failure: null });
    await expect(steps.embed("another")(queues.embed.sent[0]!, last)).rejects.toThrow();
    expect(await entry()).toMatchObject({
      state: "failed",
      failure: { stage: "embed", code: "EMBEDDING_MISMATCH", attempts: 1 },
    });
  });

  it("a failed run may still be completed by a redriven message", async () => {
    const { steps, queues, entry, drain } = await atStage("embed");
    const message = queues.embed.sent.shift()!;
    await expect(steps.embed("another")(message, last)).rejects.toThrow();
    await steps.embed()(message, first);
    await drain();
    expect(await entry()).toMatchObject({ state: "ready", failure: null });
  });
});

describe("cluster", () => {
  it("adds labels and hands on", async () => {
    const { steps, queues } = await atStage("cluster");
    await steps.cluster()(queues.cluster.sent[0]!, first);
    expect(queues.write.sent).toMatchObject([
      { clusterVersion: 3, clusterIds: [7, 7], clusterDistances: [0.1, 0.1] },
    ]);
  });

  it("a broken message fails the run at once, what is served stays, and reconcile may try another run", async () => {
    const { steps, queues, entry } = await atStage("cluster");
    const { run } = await entry();
    await steps.cluster()({ ...queues.cluster.sent[0]!, vectors: "AAAA" }, first);
    expect(await entry()).toMatchObject({
      state: "failed",
      run: run + 1,
      failure: { stage: "cluster", code: "EMBEDDING_FAILED", attempts: 1 },
    });
    expect(queues.write.sent).toEqual([]);
  });
});

describe("write", () => {
  it("puts rows and makes the document ready", async () => {
    const { steps, queues, entry, store, names, ready } = await atStage("write");
    await steps.write()(queues.write.sent[0]!, first);
    const { run } = await entry();
    expect(await entry()).toMatchObject({
      state: "ready",
      served: run,
      counts: { expected: 2, stored: 2, lowQuality: 0, dropped: 0 },
    });
    const { rows } = await store.scan(names.main, { limit: 10 });
    expect(
      rows.map(({ ordinal, clusterId, clusterVersion }) => [ordinal, clusterId, clusterVersion]).sort(),
    ).toEqual([
      [0, 7, 3],
      [1, 7, 3],
    ]);
    expect((await store.resolve("kettle"))?.name).toBe(names.main);
    expect((await store.resolve("kettle_low"))?.name).toBe(names.low);
    expect(ready).toEqual(["ready"]);
  });

  it.each([
    ["separate", ["good"], ["poor 1", "poor 2"], { stored: 1, lowQuality: 2, dropped: 0 }],
    ["drop", ["good"], [], { stored: 1, lowQuality: 0, dropped: 2 }],
    ["keep", ["poor 1", "good", "poor 2"], [], { stored: 3, lowQuality: 0, dropped: 0 }],
  ] as const)("quality.action %s", async (action, main, low, counts) => {
    const { steps, queues, entry, texts, names } = await atStage("write", "poor 1\ngood\npoor 2");
    await steps.write({ quality: { threshold: 0.3, action } })(queues.write.sent[0]!, first);
    expect(await texts()).toEqual(main);
    expect(await texts(names.low)).toEqual(low);
    expect((await entry()).counts).toEqual({ expected: 3, ...counts });
  });

  it("only poor chunks: failed for good, and no rows", async () => {
    const { steps, queues, entry, texts, names, ready } = await atStage("write", "poor 1\npoor 2");
    await steps.write()(queues.write.sent[0]!, first);
    const failed = await entry();
    expect(failed).toMatchObject({
      state: "failed",
      served: null,
      failure: { stage: "write", code: "ONLY_LOW_QUALITY" },
      counts: { expected: 2, stored: 0, lowQuality: 0, dropped: 2 },
    });
    expect([await texts(), await texts(names.low)]).toEqual([[], []]);
    expect(ready).toEqual([]);
    await steps.parse()(look, first);
    expect(await entry()).toEqual(failed);
  });

  it("a redelivery changes nothing, and collects what a death left", async () => {
    const { ingest, steps, queues, documents, entry, texts, store, names } = harness();
    await ingest("old");
    const [oldRow] = (await store.scan(names.main, { limit: 1 })).rows;
    documents.upload(key, "one\ntwo");
    await steps.parse()(look, first);
    await steps.embed()(queues.embed.sent.shift()!, first);
    await steps.cluster()(queues.cluster.sent.shift()!, first);
    await steps.write()(queues.write.sent[0]!, first);
    expect(await texts()).toEqual(["one", "two"]);
    const ready = await entry();
    // As if the writer had died after the swap, before it collected.
    await store.upsert(names.main, [oldRow!]);
    await steps.write()(queues.write.sent[0]!, first);
    expect(await texts()).toEqual(["one", "two"]);
    expect(await entry()).toEqual(ready);
  });

  it("a stale writer takes back what it wrote", async () => {
    const base = memoryStore();
    let overtaken = async (): Promise<unknown> => null;
    const store: VectorStore = {
      ...base,
      upsert: async (name, rows) => {
        await overtaken();
        await base.upsert(name, rows);
      },
    };
    const { steps, queues, entry, texts, receipts } = await atStage("write", "one", store);
    const { run } = await entry();
    overtaken = () => steps.retry()(id);
    await steps.write()(queues.write.sent[0]!, first);
    expect(await texts()).toEqual([]);
    expect((await receipts.list(id, run)).size).toBe(0);
    expect((await entry()).state).toBe("pending");
  });

  it("puts no receipt when the rows could not be written", async () => {
    const put: string[] = [];
    const { steps, queues, receipts } = await atStage("write");
    const watched: Receipts = {
      ...receipts,
      put: async (...receipt) => {
        put.push(receipt.join(" "));
      },
    };
    const base = memoryStore();
    const store: VectorStore = { ...base, upsert: () => Promise.reject(new Error("disk full")) };
    const write = steps.write({ store, receipts: watched });
    await expect(write(queues.write.sent[0]!, first)).rejects.toThrow("disk full");
    expect(put).toEqual([]);
  });

  it("makes a collection again that was dropped since it was last used", async () => {
    const { steps, queues, store, names, texts } = await atStage("write");
    const write = steps.write();
    await store.ensure({
      ...{ identity: "0123456789abcdef", model: "test", dimension: 2 },
      name: names.main,
    });
    await write(queues.write.sent[0]!, first);
    await store.drop(names.main);
    await steps.retry()(id);
    await steps.parse()(look, first);
    await steps.embed()(queues.embed.sent.at(-1)!, first);
    await steps.cluster()(queues.cluster.sent.at(-1)!, first);
    await write(queues.write.sent.at(-1)!, first);
    expect(await texts()).toEqual(["one", "two"]);
  });

  it("broken vectors fail the run and what it wrote goes", async () => {
    const { steps, queues, entry } = await atStage("write");
    await steps.write()({ ...queues.write.sent[0]!, vectors: "AAAA" }, first);
    expect(await entry()).toMatchObject({
      state: "failed",
      failure: { stage: "write", code: "EMBEDDING_FAILED" },
    });
  });

  it("leaves rows alone when the ledger does not know the document", async () => {
    const { steps, queues, state, texts } = await atStage("write");
    await state.delete([`ledger/${key}.json`]);
    await steps.write()(queues.write.sent[0]!, first);
    expect(await texts()).toEqual([]);
  });
});
