import { kmeans as peerKmeans } from "ml-kmeans";
import { nearestCentroids } from "../lib/cluster/nearest.ts";
import { seededRandom } from "../lib/cluster/random.ts";
import { clusterModels } from "../lib/cluster/registry.ts";
import { peerRows } from "./cluster/peer-rows.ts";
import { rerankRows } from "./rerank.ts";
import type { Bench, BenchRow } from "./row.ts";

const d = 384;
const seed = 42;
const peer = "ml-kmeans 7";

/** `n` unit vectors around 40 random directions, as far from them as they are from each other: no easy clusters. */
const vectorsOf = (n: number): Float32Array => {
  const random = seededRandom(n);
  const gaussian = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const centres = Float32Array.from({ length: 40 * d }, gaussian);
  const vectors = new Float32Array(n * d);
  for (let row = 0; row < n; row++) {
    const own = Array.from({ length: d }, (_, i) => (centres[(row % 40) * d + i] ?? 0) + 1.5 * gaussian());
    const norm = Math.hypot(...own);
    vectors.set(
      own.map((x) => x / norm),
      row * d,
    );
  }
  return vectors;
};

const rowsOf = (vectors: Float32Array): number[][] =>
  Array.from({ length: vectors.length / d }, (_, i) => Array.from(vectors.subarray(i * d, (i + 1) * d)));

const elapsed = async (run: () => unknown): Promise<number> => {
  const start = performance.now();
  await run();
  return performance.now() - start;
};

/** Median of 15 runs in ms, after .3 s and three runs at least that warm up: kernels are compiled once more when they are hot. */
const median = async (run: () => unknown): Promise<number> => {
  const begun = performance.now();
  for (let i = 0; i < 3 || performance.now() - begun < 300; i++) await run();
  const times: number[] = [];
  for (let i = 0; i < 15; i++) times.push(await elapsed(run));
  return times.sort((a, b) => a - b)[7] ?? Number.NaN;
};

const compared = (name: string, value: number, peerValue: number, goal: string, met: boolean): BenchRow => ({
  name,
  value,
  unit: "ms",
  peer,
  peerValue,
  ratio: value / peerValue,
  goal,
  met,
});

const training = async (n: number, k: number): Promise<BenchRow> => {
  const vectors = vectorsOf(n);
  const rows = rowsOf(vectors);
  const ours = await elapsed(() => clusterModels.kmeans.offline.fit(vectors, d, { k, seed }));
  const theirs = await elapsed(() => peerKmeans(rows, k, { seed, maxIterations: 30 }));
  return compared(`train ${n} × ${d}, k = ${k}`, ours, theirs, "ratio ≤ 0.5", ours <= theirs / 2);
};

const bigTraining = async (n: number, k: number | "auto"): Promise<BenchRow> => {
  const vectors = vectorsOf(n);
  const value = await elapsed(() => clusterModels.kmeans.offline.fit(vectors, d, { k, seed }));
  return {
    name: `train ${n} × ${d}, k = ${k}`,
    value,
    unit: "ms",
    goal: "≤ 30,000 ms",
    met: value <= 30_000,
  };
};

const labelling = async (n: number, k: number): Promise<BenchRow> => {
  const [vectors, centroids] = [vectorsOf(n), vectorsOf(k)];
  const rows = rowsOf(vectors);
  const fitted = peerKmeans(rowsOf(centroids), k, { initialization: rowsOf(centroids), maxIterations: 1 });
  const ours = await median(() => nearestCentroids(vectors, d, centroids));
  const theirs = await median(() => fitted.nearest(rows));
  return compared(`label ${n} × ${d} against ${k}`, ours, theirs, "≤ 1 ms", ours <= 1);
};

/** What the assignment of a whole collection stands on: pages of 500 against `k` centroids, on one core. */
const assigning = async (k: number): Promise<BenchRow> => {
  const [page, centroids] = [vectorsOf(500), vectorsOf(k)];
  const ms = await median(() => nearestCentroids(page, d, centroids));
  return { name: `assign × ${d} against ${k}`, value: 500_000 / ms, unit: "vectors/s" };
};

const atQueryTime = async (n: number): Promise<BenchRow> => {
  const vectors = vectorsOf(n);
  const value = await median(() => clusterModels.kmeans.query.fit(vectors, d, { k: "auto", seed }));
  return { name: `cluster ${n} candidates, k = auto`, value, unit: "ms", goal: "≤ 10 ms", met: value <= 10 };
};

/** Clustering against ml-kmeans on one thread and against PyPI's packages on two, on the same made vectors. */
export const clusterBench: Bench = {
  name: "cluster",
  run: async ({ progress }) => {
    const rows: BenchRow[] = [];
    const add = async (what: string, row: Promise<BenchRow>): Promise<void> => {
      progress(what);
      rows.push(await row);
    };
    await add("labelling", labelling(200, 256));
    for (const k of [256, 4096]) await add("assigning", assigning(k));
    progress("reranking");
    rows.push(...(await rerankRows()));
    await add("clustering candidates", atQueryTime(100));
    await add("training, against ml-kmeans", training(4_000, 32));
    await add("training on 20,000", bigTraining(20_000, 64));
    await add("training on 20,000, k chosen", bigTraining(20_000, "auto"));
    rows.push(...(await peerRows(vectorsOf, d, progress)));
    return rows;
  },
};
