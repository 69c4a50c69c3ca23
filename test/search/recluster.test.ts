import { describe, expect, it } from "vitest";
import { contentHash } from "../../lib/ids.ts";
import type { ReclusterMessage } from "../../lib/messages.ts";
import { listClusters } from "../../lib/steps/clusters.ts";
import { reclusterTrigger } from "../../lib/steps/recluster-trigger.ts";
import { searchStack, subjectRows } from "./stack.ts";

const yaml = "clustering: { minRows: 30, k: 3 }";

describe("rebuilding the clusters", () => {
  it("publishes centroids, sizes, words and the nearest chunks, largest cluster first", async () => {
    const stack = await searchStack(yaml);
    await stack.add(...subjectRows(12), ...subjectRows(20).slice(12, 20));
    const [report] = await stack.recluster();
    expect(report).toMatchObject({ outcome: "published", version: 1, k: 3, rows: 44 });
    const published = (await stack.centroids.current(stack.embedder.identity))!;
    expect(published).toMatchObject({
      version: 1,
      algorithm: "kmeans",
      seed: 42,
      rows: 44,
      sampled: 44,
      trainedAt: 1_000,
    });
    expect(published.sizes).toEqual([20, 12, 12]);
    expect(published.terms[0]).toContain("green tea");
    for (const [id, nearest] of published.nearest.entries()) {
      expect(nearest).toHaveLength(5);
      expect(new Set(nearest.map((chunk) => chunk.replace(/-.*/, ""))).size).toBe(1);
      expect(published.terms[id]?.join(" ")).toContain(nearest[0]!.replace(/-.*/, ""));
    }
  });

  it("rewrites no row", async () => {
    const stack = await searchStack(yaml);
    await stack.add(...subjectRows(12));
    const before = await stack.store.scan(stack.names.main, { limit: 100 });
    await stack.recluster();
    expect(await stack.store.scan(stack.names.main, { limit: 100 })).toEqual(before);
  });

  it("of more rows than the sample scales the sizes to all rows", async () => {
    const stack = await searchStack("clustering: { minRows: 30, k: 3, sample: 300 }");
    // Ids of chunks are hashes.
    await stack.add(...subjectRows(400).map((row) => ({ ...row, id: contentHash(row.id) })));
    await stack.recluster();
    const { sizes, rows, sampled } = (await stack.centroids.current(stack.embedder.identity))!;
    expect([rows, sampled]).toEqual([1_200, 300]);
    for (const size of sizes) expect(Math.abs(size - 400)).toBeLessThan(120);
    expect(Math.abs(sizes.reduce((sum, size) => sum + size, 0) - 1_200)).toBeLessThan(3);
  });

  it("waits for clustering.minRows chunks, whatever the reason, and says so", async () => {
    const stack = await searchStack(yaml);
    await stack.add(...subjectRows(9));
    for (const reason of ["minRows", "request", "schedule"] as const)
      expect(await stack.recluster(reason)).toEqual([
        {
          collection: stack.names.main,
          outcome: "skipped",
          message: "27 chunks are stored; clusters are made from 30 (clustering.minRows)",
        },
      ]);
    expect([...stack.bucket.objects.keys()]).toEqual([]);
  });

  it("for the first time happens once; on request and on schedule each time, under a higher version", async () => {
    const stack = await searchStack(yaml);
    await stack.add(...subjectRows(12));
    const outcomes = [];
    for (const reason of ["minRows", "minRows", "schedule", "request"] as const)
      outcomes.push((await stack.recluster(reason)).map(({ outcome, version }) => [outcome, version]));
    expect(outcomes.flat()).toEqual([
      ["published", 1],
      ["skipped", undefined],
      ["published", 2],
      ["published", 3],
    ]);
  });

  it("of the same rows finds the same centroids", async () => {
    const stack = await searchStack(yaml);
    await stack.add(...subjectRows(12));
    await stack.recluster();
    const first = (await stack.centroids.current(stack.embedder.identity))!;
    await stack.recluster();
    const second = (await stack.centroids.current(stack.embedder.identity))!;
    expect(second).toEqual({ ...first, version: 2 });
  });

  it("takes a version above those that rows carry, should the state bucket have been lost", async () => {
    const stack = await searchStack(yaml);
    await stack.add(...subjectRows(12).map((row) => ({ ...row, clusterVersion: 17, clusterId: 0 })));
    expect((await stack.recluster())[0]).toMatchObject({ outcome: "published", version: 18 });
  });

  it("makes nothing with algorithm `none`, nor without a collection", async () => {
    const none = await searchStack("clustering: { algorithm: none }");
    await none.add(...subjectRows(80));
    expect(await none.recluster()).toEqual([]);
    const empty = await searchStack(yaml);
    await empty.store.drop(empty.names.main);
    expect(await empty.recluster()).toEqual([]);
  });

  it("trains each model's collection, and no other collection", async () => {
    const stack = await searchStack(yaml);
    await stack.add(...subjectRows(12));
    await stack.addLow(...subjectRows(12));
    await stack.store.ensure({
      name: "kettle_0123456789ab",
      dimension: 4,
      identity: "0123456789abcdef",
      model: "old",
    });
    await stack.store.ensure({
      name: "notes_0123456789ab",
      dimension: 4,
      identity: "0123456789abcdef",
      model: "old",
    });
    const reports = await stack.recluster();
    expect(Object.fromEntries(reports.map(({ collection, outcome }) => [collection, outcome]))).toEqual({
      kettle_0123456789ab: "skipped",
      [stack.names.main]: "published",
    });
  });

  it("that is stopped publishes nothing", async () => {
    const stack = await searchStack(yaml);
    await stack.add(...subjectRows(12));
    await expect(stack.recluster("request", AbortSignal.abort(new Error("time is over")))).rejects.toThrow(
      "time",
    );
    expect(stack.bucket.objects.size).toBe(0);
  });

  it("twice at once publishes once; the other stops cleanly", async () => {
    const stack = await searchStack(yaml);
    await stack.add(...subjectRows(12));
    const reports = (await Promise.all([stack.recluster(), stack.recluster()])).flat();
    expect(reports.map(({ outcome }) => outcome).sort()).toEqual(["published", "superseded"]);
    expect((await stack.centroids.current(stack.embedder.identity))?.version).toBe(1);
    expect(stack.bucket.objects.size).toBe(2);
  });
});

describe("the list of clusters", () => {
  it("is empty, of version 0, while nothing is published or stored", async () => {
    const stack = await searchStack(yaml);
    const nothing = { version: 0, rows: 0, exact: false, clusters: [] };
    expect(await listClusters(stack)({ limit: 10 })).toEqual(nothing);
    await stack.store.drop(stack.names.main);
    expect(await listClusters(stack)({ limit: 10 })).toEqual(nothing);
  });

  it("comes by pages, each cluster once", async () => {
    const stack = await searchStack(yaml);
    await stack.add(...subjectRows(12));
    await stack.recluster();
    const first = await listClusters(stack)({ limit: 2 });
    expect(first).toMatchObject({
      version: 1,
      clusters: [
        { id: 0, size: 12 },
        { id: 1, size: 12 },
      ],
    });
    const second = await listClusters(stack)({ limit: 2, cursor: first.cursor });
    expect(second).toMatchObject({ version: 1, clusters: [{ id: 2, size: 12 }] });
    expect(second.cursor).toBeUndefined();
    expect(second.clusters[0]?.terms.length).toBeGreaterThan(0);
    expect(second.clusters[0]?.nearest).toHaveLength(5);
  });

  it("shows the nearest chunks that are still there, when asked", async () => {
    const stack = await searchStack(yaml);
    await stack.add(...subjectRows(12));
    await stack.recluster();
    const { clusters } = await listClusters(stack)({ limit: 1, examples: 2 });
    const [first, second] = clusters[0]?.nearest ?? [];
    expect(clusters[0]?.examples?.map(({ id }) => id)).toEqual([first, second]);
    expect(clusters[0]?.examples?.[0]).toMatchObject({ key: expect.any(String), text: expect.any(String) });
    await stack.store.delete(stack.names.main, { field: "id", op: "eq", value: first ?? "" });
    const after = await listClusters(stack)({ limit: 1, examples: 2 });
    expect(after.clusters[0]?.examples?.map(({ id }) => id)).toEqual([second]);
    expect((await listClusters(stack)({ limit: 1 })).clusters[0]).not.toHaveProperty("examples");
  });

  it("refuses a cursor of clusters that were rebuilt, or of nobody", async () => {
    const stack = await searchStack(yaml);
    await stack.add(...subjectRows(12));
    await stack.recluster();
    const { cursor } = await listClusters(stack)({ limit: 1 });
    await stack.recluster();
    await expect(listClusters(stack)({ limit: 1, cursor })).rejects.toMatchObject({ name: "BAD_REQUEST" });
    for (const stranger of ["x", "", "LTE6LTE"])
      await expect(listClusters(stack)({ limit: 1, cursor: stranger })).rejects.toMatchObject({
        name: "BAD_REQUEST",
      });
  });
});

describe("asking for the first clusters", () => {
  const watched = async () => {
    const stack = await searchStack(yaml);
    const sent: ReclusterMessage[] = [];
    let counts = 0;
    const trigger = reclusterTrigger({
      ...stack,
      store: {
        count: (name) => {
          counts++;
          return stack.store.count(name);
        },
      },
      queue: { send: async (messages) => void sent.push(...messages) },
      now: () => stack.clock.ms,
    });
    return {
      ...stack,
      sent,
      counts: () => counts,
      ready: () => trigger({ identity: stack.embedder.identity }),
    };
  };

  it("happens when the document that completes clustering.minRows is ready", async () => {
    const { add, ready, sent } = await watched();
    await add(...subjectRows(9));
    await ready();
    expect(sent).toEqual([]);
    await add(...subjectRows(10));
    await ready();
    expect(sent).toEqual([{ version: 1, reason: "minRows" }]);
  });

  it("is not repeated at once, but after a minute in which nothing came of it", async () => {
    const { add, ready, sent, clock, counts } = await watched();
    await add(...subjectRows(10));
    for (let i = 0; i < 5; i++) await ready();
    expect([sent.length, counts()]).toEqual([1, 1]);
    clock.ms += 60_000;
    await ready();
    expect([sent.length, counts()]).toEqual([2, 2]);
  });

  it("becomes asking for a check every five minutes once centroids are published; nothing is counted any more", async () => {
    const { add, ready, sent, clock, counts, recluster } = await watched();
    await add(...subjectRows(10));
    await recluster();
    for (let i = 0; i < 12; i++) {
      clock.ms += 60_000;
      await ready();
    }
    expect([sent, counts()]).toEqual([
      [
        { version: 1, reason: "check" },
        { version: 1, reason: "check" },
      ],
      0,
    ]);
  });

  it("never happens with algorithm `none`", async () => {
    const stack = await searchStack("clustering: { algorithm: none, minRows: 2 }");
    await stack.add(...subjectRows(10));
    const trigger = reclusterTrigger({
      ...stack,
      queue: { send: () => expect.fail("nothing should be sent") },
      now: () => 0,
    });
    await trigger({ identity: stack.embedder.identity });
  });
});
