import { describe, expect, it } from "vitest";
import type { ChunkRow } from "../../lib/chunk-row.ts";
import { collectionNames } from "../../lib/store/store.ts";
import { chunk, embedding, first, harness, id, key, look } from "./harness.ts";

const rowPart = (ordinal: number) => {
  const { parent: _, ...part } = chunk(ordinal);
  return part;
};

const row = (run: number, ordinal = 0, documentId = id): ChunkRow => ({
  ...rowPart(ordinal),
  id: `${documentId}-${run}-${ordinal}`,
  documentId,
  run,
  key,
  contentType: "text/plain",
  metadata: {},
  ingestedAt: run,
  vector: Float32Array.of(1, 0),
  duplicateGroup: "h",
  clusterId: -1,
  clusterVersion: 0,
  clusterDistance: 0,
});

const older = { ...embedding, identity: "fedcba9876543210" };
const olderNames = collectionNames("kettle", older.identity);

/** A document that serves run 1,000,000 and is processed as the next one; rows of many runs are about. */
const crowded = async () => {
  const h = harness();
  await h.ingest("one");
  const { run: served } = await h.entry();
  h.documents.upload(key, "two");
  await h.steps.parse()(look, first);
  const runs = [served - 2, served - 1, served, served + 1];
  for (const name of [h.names.main, h.names.low]) {
    await h.store.upsert(
      name,
      runs.map((run) => row(run)),
    );
    await h.store.upsert(name, [row(served - 1, 0, "another document")]);
  }
  await h.store.ensure({ ...older, name: olderNames.main });
  await h.store.upsert(olderNames.main, [row(served - 1)]);
  await h.store.ensure({ ...older, name: "not_ours" });
  await h.store.upsert("not_ours", [row(served - 1)]);
  const runsIn = async (name: string) =>
    (await h.store.scan(name, { limit: 100, filter: { field: "documentId", op: "eq", value: id } })).rows
      .map(({ run }) => run - served)
      .sort((a, b) => a - b);
  return { ...h, served, runsIn };
};

describe("garbage collection", () => {
  it("deletes runs below the ledger's, except the served one, from the collections of the run's model", async () => {
    const { gc, names, runsIn, store } = await crowded();
    expect(await gc(key)).toBe(4);
    // The served run's own row of "one" and the one put here have different ids: both stay.
    expect(await runsIn(names.main)).toEqual([0, 0, 1]);
    expect(await runsIn(names.low)).toEqual([0, 1]);
    expect(await runsIn(olderNames.main)).toEqual([-1]);
    expect(await runsIn("not_ours")).toEqual([-1]);
    const others = { field: "documentId", op: "eq", value: "another document" } as const;
    expect(await store.count(names.main, others)).toBe(1);
    expect(await gc(key)).toBe(0);
  });

  it("takes a document that must not be found out of every collection of ours", async () => {
    const { documents, steps, names, runsIn } = await crowded();
    await documents.delete([key]);
    await steps.parse()(look, first);
    expect(await runsIn(names.main)).toEqual([]);
    expect(await runsIn(olderNames.main)).toEqual([]);
    expect(await runsIn("not_ours")).toEqual([-1]);
  });

  it("takes the receipts of collected runs", async () => {
    const { gc, receipts, served } = await crowded();
    await receipts.put(id, served - 1, 0, { stored: 1, low: 0, dropped: 0 });
    await gc(key);
    expect((await receipts.list(id, served - 1)).size).toBe(0);
    expect((await receipts.list(id, served)).size).toBe(1);
  });

  it("does nothing for a document without an entry", async () => {
    expect(await harness().gc("unknown")).toBe(0);
  });
});
