import { describe, expect, it } from "vitest";
import { bucketCentroids } from "../../lib/centroids/centroids.ts";
import { bucketSampleParts } from "../../lib/centroids/sample-parts.ts";
import { bucketShards, parseSurvey } from "../../lib/centroids/survey.ts";
import { seededRandom } from "../../lib/cluster/random.ts";
import { parseConfig } from "../../lib/config/load.ts";
import { contentHash } from "../../lib/ids.ts";
import type { ReclusterMessage } from "../../lib/messages.ts";
import { listClusters, mapClusters } from "../../lib/steps/clusters.ts";
import { reclusterStep } from "../../lib/steps/recluster.ts";
import type { ReclusterDeps } from "../../lib/steps/recluster-deps.ts";
import { rangeOf } from "../../lib/steps/recluster-shards.ts";
import { memoryData, memoryStore } from "../../lib/store/memory.ts";
import { collectionNames } from "../../lib/store/store.ts";
import { memoryBucket } from "../contract/memory-bucket.ts";
import { chunkRow } from "./rows.ts";

const identity = "0123456789abcdef";
const name = collectionNames("kettle", identity).main;
const signal = new AbortController().signal;

/** `count` chunks around an angle in the plane. */
const rowsAt = (topic: string, degrees: number, count: number, ingestedAt = 1) => {
  const random = seededRandom(degrees + 1);
  return Array.from({ length: count }, (_, i) => {
    const angle = ((degrees + 8 * (random() - 0.5)) * Math.PI) / 180;
    const vector = Float32Array.of(Math.cos(angle), Math.sin(angle));
    return chunkRow({ id: contentHash(`${topic} ${i}`), text: `${topic}: text`, vector, ingestedAt });
  });
};

/** Recluster with its queue, on a store and a bucket in memory; `fail` is asked before every call of a port. */
const world = async (yaml: string, fail: () => void = () => {}) => {
  const clock = { ms: 1_000 };
  const data = memoryData();
  const bucket = memoryBucket("state", () => clock.ms);
  const gated = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get: (target, key) => {
        const member = Reflect.get(target, key);
        return typeof member !== "function"
          ? member
          : async (...args: unknown[]) => {
              fail();
              const answer = await member.apply(target, args);
              fail();
              return answer;
            };
      },
    });
  const store = memoryStore(data);
  await store.ensure({ name, identity, dimension: 2, model: "plane" });
  await store.setAlias("kettle", name);
  const queue: ReclusterMessage[] = [];
  let nonces = 0;
  /** A process of its own: nothing is remembered from one to the next. */
  const process = (over: Partial<ReclusterDeps> = {}) => {
    const state = gated(bucket);
    const deps: ReclusterDeps = {
      config: parseConfig(yaml, "local"),
      store: gated(store),
      centroids: bucketCentroids({ bucket: state, now: () => clock.ms, nonce: () => `n${++nonces}` }),
      samples: bucketSampleParts(state, () => clock.ms),
      shards: bucketShards(state),
      queue: gated({ send: async (messages: readonly ReclusterMessage[]) => void queue.push(...messages) }),
      log: { info: () => {}, debug: () => {} },
      now: () => clock.ms,
      pageRows: 10,
      keptRows: 20,
      ...over,
    };
    return reclusterStep(deps);
  };
  const centroids = bucketCentroids({ bucket, now: () => clock.ms, nonce: () => `r${++nonces}`, ttlMs: 0 });
  const reader = { config: parseConfig(yaml, "local"), store, centroids };
  /** Delivers until nothing is left; what fails comes back. */
  const drain = async (over: Partial<ReclusterDeps> = {}) => {
    for (let deliveries = 0; queue.length > 0; deliveries++) {
      if (deliveries > 500) throw new Error("the queue never empties");
      const message = queue.shift()!;
      await process(over)(message, { signal }).catch(() => queue.push(message));
    }
  };
  const rebuild = async (reason: "request" | "schedule" | "check" = "request") => {
    const reports = await process()({ version: 1, reason }, { signal });
    await drain();
    return reports[0]!;
  };
  const clusters = async () => (await listClusters(reader)({ limit: 500 })).clusters;
  return { clock, bucket, store, queue, process, centroids, reader, drain, rebuild, clusters };
};

const topics = { tea: 0, kite: 60, coffee: 120, stone: 180 };
const rowsOfTopics = (count: number) =>
  Object.entries(topics).flatMap(([topic, degrees]) => rowsAt(topic, degrees, count));
const idsByTerm = async ({ clusters }: Awaited<ReturnType<typeof world>>): Promise<Record<string, number>> =>
  Object.fromEntries((await clusters()).map(({ id, terms }) => [terms[0], id]));

describe("a rebuilt cluster", () => {
  it("keeps its id though others have become larger and a few chunks are new", async () => {
    const one = await world("clustering: { minRows: 10, k: 4 }");
    await one.store.upsert(name, rowsOfTopics(30));
    await one.rebuild();
    const before = await idsByTerm(one);
    await one.store.upsert(name, [...rowsAt("stone", 180, 50), ...rowsAt("coffee", 120, 34)]);
    expect((await one.rebuild()).version).toBe(2);
    expect(await idsByTerm(one)).toEqual(before);
    expect((await one.clusters()).map(({ size, terms }) => [terms[0], size])).toEqual([
      ["stone", 50],
      ["coffee", 34],
      ...Object.entries(before)
        .filter(([term]) => term === "tea" || term === "kite")
        .sort(([, a], [, b]) => a - b)
        .map(([term]) => [term, 30]),
    ]);
  });

  it("that is split keeps its id in the larger part; the other part has one that nobody had", async () => {
    const one = await world("clustering: { minRows: 10, k: 3 }");
    await one.store.upsert(name, [
      ...rowsAt("tea", 0, 40),
      ...rowsAt("kite", 60, 30),
      ...rowsAt("coffee", 120, 20),
    ]);
    await one.rebuild();
    const before = await idsByTerm(one);
    // A topic moves out of kite's cluster: k grows by one.
    await one.store.upsert(name, rowsAt("kettle", 80, 25));
    const grown = await world("clustering: { minRows: 10, k: 4 }");
    for (const [key, kept] of one.bucket.objects) grown.bucket.upload(key, kept.bytes);
    await grown.store.upsert(name, (await one.store.scan(name, { limit: 1_000 })).rows);
    await grown.rebuild();
    const after = await idsByTerm(grown);
    expect(after).toMatchObject(before);
    expect(after.kettle).toBe(3);
  });

  it("that is gone leaves its id unused for ever", async () => {
    const one = await world("clustering: { minRows: 10, k: 3 }");
    await one.store.upsert(name, [
      ...rowsAt("tea", 0, 40),
      ...rowsAt("kite", 60, 30),
      ...rowsAt("coffee", 120, 20),
    ]);
    await one.rebuild();
    const before = await idsByTerm(one);
    await one.store.delete(name, {
      field: "id",
      op: "in",
      value: rowsAt("coffee", 120, 20).map(({ id }) => id),
    });
    await one.store.upsert(name, rowsAt("stone", 200, 20));
    await one.rebuild();
    const after = await idsByTerm(one);
    expect([after.tea, after.kite, after.stone]).toEqual([before.tea, before.kite, 3]);
  });
});

describe("a rebuild of chunks without gaps between them", () => {
  /** Chunks all around a circle: where its clusters end is up to the seed. */
  const circle = Array.from({ length: 60 }, (_, i) => rowsAt(`circle ${i}`, 6 * i, 6)).flat();
  const yamlOf = (seed: number, algorithm = "kmeans"): string =>
    `clustering: { minRows: 10, k: 6, seed: ${seed}, algorithm: ${algorithm} }`;
  const rows = [...circle, ...rowsAt("more", 20, 10)];
  /** Of a collection whose first training this is. */
  const freshly = async (yaml: string) => {
    const one = await world(yaml);
    await one.store.upsert(name, rows);
    await one.rebuild();
    return (await one.centroids.latest(identity))!;
  };
  /** Of one that was trained with seed 1 before some rows came. */
  const rebuilt = async (yaml: string) => {
    const one = await world(yamlOf(1));
    await one.store.upsert(name, circle);
    await one.rebuild();
    await one.store.upsert(name, rows);
    await one.process({ config: parseConfig(yaml, "local") })({ version: 1, reason: "request" }, { signal });
    return (await one.centroids.latest(identity))!;
  };

  it("goes on from the published centroids, so that all clusters stay", async () => {
    const now = await rebuilt(yamlOf(1));
    expect([...now.ids].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(now.centroids).not.toEqual((await freshly(yamlOf(1))).centroids);
  });

  it("begins afresh when kettle.yml names another seed or another algorithm", async () => {
    for (const yaml of [yamlOf(2), yamlOf(1, "minibatch-kmeans")])
      expect((await rebuilt(yaml)).centroids).toEqual((await freshly(yaml)).centroids);
  });
});

describe("when the collection changes", () => {
  const yaml = "clustering: { minRows: 10, k: 4, growth: 0.5, drift: 0.1 }";
  const settled = async () => {
    const one = await world(yaml);
    await one.store.upsert(name, rowsOfTopics(30));
    await one.rebuild();
    one.clock.ms = 100_000;
    return one;
  };

  it("a little, a check does nothing", async () => {
    const one = await settled();
    await one.store.upsert(name, rowsAt("tea again", 0, 10, 50_000));
    expect(await one.rebuild("check")).toMatchObject({ outcome: "skipped" });
  });

  it("by growing by the share that kettle.yml says, a check rebuilds", async () => {
    const one = await settled();
    await one.store.upsert(name, rowsAt("tea again", 0, 60, 50_000));
    const report = await one.rebuild("check");
    expect(report).toMatchObject({ outcome: "published", version: 2 });
    expect(report.message).toContain("grown by 50 %");
    expect(await one.rebuild("check")).toMatchObject({ outcome: "skipped" });
  });

  it("by new chunks that lie far from every centroid, a check rebuilds", async () => {
    const one = await settled();
    await one.store.upsert(name, rowsAt("nothing like it", 270, 12, 50_000));
    const report = await one.rebuild("check");
    expect(report).toMatchObject({ outcome: "published", version: 2 });
    expect(report.message).toContain("farther from their centroids");
  });
});

describe("the assignment of a whole collection", () => {
  const yaml = "clustering: { minRows: 10, k: 3, sample: 100, shardRows: 1000, mapPoints: 40 }";
  const sharded = (config = parseConfig(yaml, "local")) => ({
    config: { ...config, clustering: { ...config.clustering, sample: 40, shardRows: 45 } },
  });
  const start = async (fail?: () => void, points = 40) => {
    const one = await world(yaml.replace("40", `${points}`), fail);
    await one.store.upsert(name, [
      ...rowsAt("tea", 0, 60),
      ...rowsAt("kite", 60, 45),
      ...rowsAt("stone", 180, 16),
    ]);
    one.queue.push({ version: 1, reason: "request", request: "r1" });
    return one;
  };

  it("has ranges of ids that hold every id once", async () => {
    const { store } = await start();
    for (const shards of [1, 3, 7]) {
      const counts = await Promise.all(
        Array.from({ length: shards }, (_, shard) => store.count(name, rangeOf(shard, shards))),
      );
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(121);
    }
  });

  it("counts every row exactly where the training had a sample, in messages of its own", async () => {
    const one = await start();
    await one.drain(sharded());
    const page = await listClusters(one.reader)({ limit: 10 });
    expect(page).toMatchObject({ version: 1, rows: 121, exact: true });
    const sizes = Object.groupBy(page.clusters, ({ terms }) => terms[0] ?? "");
    const total = (term: string) => sizes[term]?.reduce((sum, { size }) => sum + size, 0);
    expect([total("tea"), total("kite"), total("stone")]).toEqual([60, 45, 16]);
    for (const { spread, nearest } of page.clusters) {
      expect(spread).toBeGreaterThan(0);
      expect(spread).toBeLessThan(0.01);
      expect(nearest).toHaveLength(5);
    }
    const { points, version } = await mapClusters(one.reader)();
    expect([version, points.length]).toEqual([1, 40]);
    expect(new Set(points.map(({ clusterId }) => clusterId)).size).toBeGreaterThan(2);
  });

  it("is the same however often each message is delivered, and side by side", async () => {
    const one = await start();
    await one.process(sharded())(one.queue.shift()!, { signal });
    const messages = [...one.queue];
    expect(messages.length).toBe(4);
    await Promise.all(
      [...messages, ...messages].map((message) => one.process(sharded())(message, { signal })),
    );
    await one.drain(sharded());
    expect(await listClusters(one.reader)({ limit: 10 })).toMatchObject({ rows: 121, exact: true });
  });

  it("goes on after its time is over, by a message to itself", async () => {
    const one = await start();
    await one.process(sharded())(one.queue.shift()!, { signal });
    const [first] = one.queue.splice(0, 1);
    await one.process({ ...sharded(), keptRows: 10 })(first!, { signal: AbortSignal.abort() });
    expect(one.queue.at(-1)).toEqual(first);
    await one.drain(sharded());
    expect(await listClusters(one.reader)({ limit: 10 })).toMatchObject({ rows: 121, exact: true });
  });

  it("survives a death before and after every single call: one version, every row once, nothing left behind", async () => {
    let deaths = 0;
    for (let at = 1; ; at++) {
      let calls = 0;
      const one = await start(() => {
        if (++calls === at) throw new Error("killed");
      }, 4);
      await one.drain(sharded(parseConfig(yaml.replace("40", "4"), "local")));
      if (calls < at) break;
      deaths++;
      const published = await one.centroids.latest(identity);
      const survey = parseSurvey(await one.centroids.attached(published!, "survey"));
      expect([at, published?.version, survey?.rows]).toEqual([at, 1, 121]);
      expect(survey?.sizes.reduce((sum, size) => sum + size, 0)).toBe(121);
      expect((await mapClusters(one.reader)()).points).toHaveLength(4);
      const left = [...one.bucket.objects.keys()].filter((key) => /sample|shards/.test(key));
      expect([at, left]).toEqual([at, []]);
    }
    expect(deaths).toBeGreaterThan(100);
  });
});
