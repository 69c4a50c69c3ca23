import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { s3Bucket } from "../../lib/aws/s3-bucket.ts";
import { bucketCentroids } from "../../lib/centroids/centroids.ts";
import type { PublishedCentroids } from "../../lib/centroids/published.ts";
import { nearestCentroids } from "../../lib/cluster/nearest.ts";
import { embeddedStore } from "../../lib/store/embedded.ts";
import { type SpawnedStack, spawnStack } from "../../localstack/spawn-stack.ts";
import { apiAt, bucket, deadLetters, type SearchAnswer, s3At, sqsAt, until } from "./client.ts";
import { killWhile } from "./kill-function.ts";

const dataDir = mkdtempSync(join(tmpdir(), "kettle-rebuild-"));
let stack: SpawnedStack;
let s3: S3Client;
let api: ReturnType<typeof apiAt>;
const store = embeddedStore({ path: join(dataDir, "data/store.sqlite") });

/** Few vectors to train on and small chunks, so that all of a rebuild happens with few of them: sample, shard, map. */
const config = {
  name: "kettle",
  chunking: { strategy: "sentence", size: 48, overlap: 0 },
  clustering: { minRows: 30, sample: 100, shardRows: 1000, mapPoints: 60, growth: null, drift: null },
  log: { level: "DEBUG" },
  stages: { local: { store: { driver: "embedded" }, http: { auth: false } } },
};

type Clusters = {
  readonly version: number;
  readonly exact: boolean;
  readonly rows: number;
  readonly clusters: readonly { readonly id: number; readonly size: number }[];
};
const clusters = async () => (await api.json("/clusters?limit=500")).body as Clusters;
const rebuild = async () =>
  expect((await api.json("/clusters/rebuild", { method: "POST" })).status).toBe(202);
const put = (Key: string, Body: string | Uint8Array) =>
  s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
const allReady = () =>
  until(
    () => api.documents(),
    (documents) => documents.length > 0 && documents.every(({ state }) => state === "ready"),
    120_000,
  );

const letters = Array.from({ length: 90 }, (_, i) => ({
  key: `letters/${String(i).padStart(2, "0")}.txt`,
  text:
    i % 2 === 0
      ? `Letter ${i} was written by the harbour master: ${i + 3} ships came in, and the tide was ${i * 7} centimetres high.`
      : `第${i}封信是守林人写的:山上来了${i + 3}只鹿,雪有${i * 2}厘米深,木屋里还剩下${i + 9}捆柴。`,
}));

/** The first centroids are trained on these alone, so the labels that the samples are stored with are wrong by the next. */
const early = letters.slice(0, 40);
const late = letters.slice(40);

beforeAll(async () => {
  const path = join(dataDir, "kettle.yml");
  writeFileSync(path, JSON.stringify(config));
  stack = await spawnStack({ dataDir: join(dataDir, "data"), env: { KETTLE_CONFIG: path } });
  s3 = s3At(stack.awsUrl);
  api = apiAt(stack.url);
  for (const { key, text } of early) await put(key, text);
  await until(clusters, ({ version, exact }) => version > 0 && exact);
  const samples = readdirSync("samples", { recursive: true, encoding: "utf8" });
  for (const name of samples.filter((file) => /\/.*\.(md|txt|csv|json|html)$/.test(file)))
    await put(name, readFileSync(join("samples", name)));
  await allReady();
}, 180_000);

afterAll(async () => {
  await store.close();
  await stack?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const questions = [
  "How hot should the water for green tea be?",
  "手冲咖啡为什么要闷蒸?",
  "What do birds need warm air for?",
  "哪种石头是火山喷出来的?",
  "How many ships did the harbour master count?",
  "守林人的信里写了几只鹿?",
];

/** Eight at a time, at least a thousand, until an answer is of a newer version. */
const searches = async (version: number): Promise<readonly SearchAnswer[]> => {
  const answers: SearchAnswer[] = [];
  let asked = 0;
  let newest = version;
  const ask = async (): Promise<void> => {
    while (asked < 1_000 || newest === version) {
      const answer = await api.search({ query: questions[asked++ % questions.length], topK: 20 });
      answers.push(answer);
      newest = Math.max(newest, answer.clusterVersion);
    }
  };
  await Promise.all(Array.from({ length: 8 }, ask));
  return answers;
};

/** What is published now, with its centroids. */
const published = async (): Promise<PublishedCentroids> => {
  const centroids = bucketCentroids({
    bucket: s3Bucket(s3, "kettle-state"),
    now: Date.now,
    nonce: randomUUID,
  });
  const [spec] = await store.collections();
  const found = spec && (await centroids.latest(spec.identity));
  if (!found) throw new Error("nothing is published");
  return found;
};

/**
 * Every hit is in the cluster that is nearest to its vector by the version that the answer names, whatever label its row
 * carries, and the groups of an answer are those of its hits.
 */
const expectUnmixed = async (
  answers: readonly SearchAnswer[],
  { version, dimension, centroids, ids: names }: PublishedCentroids,
): Promise<void> => {
  const ofVersion = answers.filter(({ clusterVersion }) => clusterVersion === version);
  expect(ofVersion.length).toBeGreaterThan(0);
  const ids = [...new Set(ofVersion.flatMap(({ hits }) => hits.map(({ id }) => id)))];
  const rows = await store.fetch((await store.resolve("kettle"))?.name ?? "", ids);
  const nearest = new Map(
    rows.map(({ id, vector }) => [id, names[nearestCentroids(vector, dimension, centroids).ids[0] ?? -1]]),
  );
  for (const { hits, clusters: groups } of ofVersion) {
    expect(hits.map(({ clusterId }) => clusterId)).toEqual(hits.map(({ id }) => nearest.get(id)));
    const grouped = new Map(groups.flatMap(({ id, hitIds }) => hitIds.map((hit) => [hit, id] as const)));
    expect(hits.map(({ id }) => grouped.get(id))).toEqual(hits.map(({ clusterId }) => clusterId));
  }
};

const expectEachChunkOnce = async (): Promise<number> => {
  let stored = 0;
  for (const { id, counts } of await api.documents()) {
    const ordinals = (await api.chunks(id)).map(({ ordinal }) => ordinal);
    expect(ordinals).toEqual(ordinals.map((_, i) => i));
    expect(ordinals).toHaveLength(counts.stored + counts.lowQuality);
    stored += counts.stored;
  }
  return stored;
};

it("1,000 searches and 50 uploads while clusters are rebuilt and the rebuilding is killed: no error, no mixed versions", async () => {
  const before = await published();
  const answering = searches(before.version);
  const uploading = (async () => {
    for (const { key, text } of late) await put(key, text);
  })();
  await killWhile({
    stack,
    log: join(dataDir, "data/logs/recluster.log"),
    name: "recluster",
    start: rebuild,
    doing: "clustering pass",
    done: '"outcome":"published"',
  });
  const renewed = await until(published, ({ version }) => version > before.version);
  await uploading;
  const answers = await answering;
  const documents = await allReady();
  expect(documents.filter(({ key }) => key.startsWith("letters/"))).toHaveLength(letters.length);

  expect(answers.length).toBeGreaterThanOrEqual(1_000);
  expect(answers.every(({ hits }) => hits.length > 0)).toBe(true);
  const versions = answers.map(({ clusterVersion }) => clusterVersion);
  expect([Math.min(...versions), Math.max(...versions)]).toEqual([before.version, renewed.version]);
  for (const one of [before, renewed]) await expectUnmixed(answers, one);

  await rebuild();
  const after = await until(clusters, (now) => now.version > renewed.version && now.exact);
  expect(after.rows).toBe(await expectEachChunkOnce());
  expect(after.clusters.reduce((sum, { size }) => sum + size, 0)).toBe(after.rows);
  await until(
    async () => (await api.json("/clusters/map")).body as { version: number; points: unknown[] },
    (map) => map.version === after.version && map.points.length === config.clustering.mapPoints,
  );
  expect(await deadLetters(sqsAt(stack.awsUrl))).toBe(0);
}, 240_000);
