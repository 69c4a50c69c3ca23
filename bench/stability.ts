import { join } from "node:path";
import { nameClusters } from "../lib/centroids/name-clusters.ts";
import type { PublishedCentroids } from "../lib/centroids/published.ts";
import { kmeans } from "../lib/cluster/kmeans.ts";
import { sampleIndices, seededRandom } from "../lib/cluster/random.ts";
import { spreadsOf, tallyOf } from "../lib/cluster/tally.ts";
import { joinedRows, takeRows } from "../lib/cluster/vectors.ts";
import { readEnvironment } from "../lib/config/environment.ts";
import { createEmbedder } from "../lib/embed/create.ts";
import { readSets } from "./retrieval/data.ts";
import { embedCached } from "./retrieval/vectors.ts";
import type { Bench, BenchOptions, BenchRow } from "./row.ts";

const seed = 42;
/** Orders of the rows that each figure is the mean of. */
const orders = 5;
/** A collection grows by a tenth so many times in a chain of rebuilds: to four times its size. */
const chainGrowth = 1.1;

/** A training as far as the next one needs it, and what every row is called by it. */
type Trained = {
  readonly published: PublishedCentroids;
  readonly names: ReadonlyMap<number, number>;
  readonly meanDistance: number;
};
type Vectors = { readonly all: Float32Array; readonly d: number; readonly n: number; readonly first: number };
type Way = "fresh" | "continued";

const training = async (
  { all, d }: Vectors,
  rows: Int32Array,
  before: Trained | null,
  way: Way,
): Promise<Trained> => {
  const vectors = takeRows(all, d, rows);
  const start = way === "continued" && before !== null ? { start: before.published.centroids } : {};
  const clustering = await kmeans.fit(vectors, d, { k: "auto", seed, ...start });
  const { k, labels, distances, centroids } = clustering;
  const ids = Array.from(rows, String);
  const tally = tallyOf({ ids, labels, distances, toNearest: distances }, k, 0);
  const named = nameClusters(vectors, clustering, before?.published ?? null);
  const published = { k, dimension: d, centroids, spreads: spreadsOf(tally), ...named };
  return {
    published: { ...unpublished, ...published },
    names: new Map(Array.from(rows, (row, i) => [row, named.ids[labels[i] ?? 0] ?? -1])),
    meanDistance: tally.distanceSum / rows.length,
  };
};

const unpublished = {
  version: 1,
  identity: "",
  algorithm: "kmeans",
  seed,
  sizes: [],
  meanDistance: 0,
  terms: [],
  nearest: [],
  rows: 0,
  sampled: 0,
  trainedAt: 0,
} as const;

/** Share of the rows that both trainings had whose cluster has kept its name. */
const keptShare = (before: Trained, now: Trained): number => {
  const common = [...before.names].filter(([row]) => now.names.has(row));
  return common.filter(([row, name]) => now.names.get(row) === name).length / common.length;
};

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Rows of the first training and of the second. */
type Change = (order: Int32Array, set: Vectors) => readonly [Int32Array, Int32Array];
const changes: Readonly<Record<string, Change>> = {
  "2 % deleted": (order) => [order, order.slice(0, Math.round(order.length * 0.98))],
  "10 % more": (order) => [order.slice(0, Math.round(order.length / 1.1)), order],
  "50 % more": (order) => [order.slice(0, Math.round(order.length / 1.5)), order],
  "another subject comes": (order, { first }) => [order.filter((row) => row < first), order],
  "a subject goes": (order, { first }) => [order, order.filter((row) => row >= first)],
};

const orderOf = (n: number, number: number): Int32Array => sampleIndices(n, n, seededRandom(number));

type Outcome = { readonly kept: number; readonly distance: number };

const changed = async (set: Vectors, change: Change, way: Way): Promise<Outcome> => {
  const outcomes: Outcome[] = [];
  for (let number = 1; number <= orders; number++) {
    const [rowsBefore, rowsNow] = change(orderOf(set.n, number), set);
    const before = await training(set, rowsBefore, null, "fresh");
    const now = await training(set, rowsNow, before, way);
    outcomes.push({ kept: keptShare(before, now), distance: now.meanDistance });
  }
  return { kept: mean(outcomes.map(({ kept }) => kept)), distance: mean(outcomes.map((o) => o.distance)) };
};

/** From a quarter of the rows to all of them: the mean share kept at each rebuild, and the distance after the last. */
const chained = async (set: Vectors, way: Way): Promise<Outcome> => {
  const order = orderOf(set.n, 1);
  const kept: number[] = [];
  let before: Trained | null = null;
  for (let size = set.n / 4; ; size = Math.min(set.n, size * chainGrowth)) {
    const now: Trained = await training(set, order.slice(0, Math.round(size)), before, way);
    if (before !== null) kept.push(keptShare(before, now));
    if (size === set.n) return { kept: mean(kept), distance: now.meanDistance };
    before = now;
  }
};

const rowsOf = (name: string, continued: Outcome, fresh: Outcome): BenchRow[] => [
  {
    name: `${name}: rows that keep their cluster's id`,
    value: continued.kept,
    unit: "",
    peer: "fresh",
    peerValue: fresh.kept,
    ratio: continued.kept / fresh.kept,
  },
  {
    name: `${name}: mean distance to the centroid`,
    value: continued.distance,
    unit: "",
    peer: "fresh",
    peerValue: fresh.distance,
    ratio: continued.distance / fresh.distance,
  },
];

/** The passages of all sets, without those made from others. */
const vectorsAt = async (path: string, progress: BenchOptions["progress"]): Promise<Vectors> => {
  const embedder = await createEmbedder(readEnvironment());
  try {
    const sets = readSets(path).filter(({ passages }) => passages.every(({ id, group }) => id === group));
    const texts = sets.flatMap(({ passages }) => passages.map(({ text }) => text));
    const embedded = await embedCached(embedder, texts, "passage", join(".cache", "retrieval"), progress);
    const all = joinedRows(embedded.map(({ vector }) => vector));
    return { all, d: embedder.dimension, n: texts.length, first: sets[0]?.passages.length ?? 0 };
  } finally {
    await embedder.close();
  }
};

/** What a rebuild that goes on from the published centroids is worth, beside one that begins afresh. */
export const stabilityBench: Bench = {
  name: "stability",
  run: async ({ data, progress }) => {
    if (data === null) throw new Error("stability needs --data PATH: a folder with cranfield and cmrc2018");
    const set = await vectorsAt(data, progress);
    const rows: BenchRow[] = [];
    for (const [name, change] of Object.entries(changes)) {
      progress(name);
      rows.push(
        ...rowsOf(name, await changed(set, change, "continued"), await changed(set, change, "fresh")),
      );
    }
    const name = "rebuilt at each tenth more, to four times the size";
    progress(name);
    rows.push(...rowsOf(name, await chained(set, "continued"), await chained(set, "fresh")));
    return rows;
  },
};
