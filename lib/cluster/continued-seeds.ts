import type { FitOptions } from "./cluster-model.ts";
import { type How, partsOf, settled, splitParts } from "./parts.ts";
import { kernelProducts, turn } from "./products.ts";
import { drawAmong, seedCentroids } from "./seed-centroids.ts";
import { joinedRows, takeRows } from "./vectors.ts";

/** Clusters that are split on trial, as a share of `k`: where the subjects have moved, both halves stay. */
const triedShare = 1 / 8;
/** A cluster of before goes only when a new one saves so many times as much distance: names are worth more than a trifle. */
const loyalty = 3;

/** What is lost without each centroid: the distance by which its vectors are farther from their second nearest one. */
const losses = (similarities: Float32Array, columns: number, left: readonly number[]): Float64Array => {
  const lost = new Float64Array(columns);
  for (let row = 0; row < similarities.length; row += columns) {
    let [first, second, owner] = [-2, -2, 0];
    for (const id of left) {
      const similarity = similarities[row + id] as number;
      if (similarity > first) [first, second, owner] = [similarity, first, id];
      else if (similarity > second) second = similarity;
    }
    lost[owner] = (lost[owner] as number) + first - second;
  }
  return lost;
};

/** Drops centroids one by one, always the one that is missed least, those of before last, until `k` are left: these. */
const keptOf = async (
  among: Float32Array,
  d: number,
  centroids: Float32Array,
  k: number,
  old: readonly boolean[],
  { products = kernelProducts, signal }: How,
): Promise<number[]> => {
  const columns = centroids.length / d;
  const similarities = await products(among, centroids, d);
  let left = Array.from({ length: columns }, (_, id) => id);
  while (left.length > k) {
    signal?.throwIfAborted();
    const lost = losses(similarities, columns, left);
    const worth = (id: number): number => (lost[id] as number) * (old[id] ? loyalty : 1);
    const least = left.reduce((a, b) => (worth(b) < worth(a) ? b : a));
    left = left.filter((id) => id !== least);
    await turn();
  }
  return left;
};

/**
 * Seeds `[≤ k, d]` for vectors `[n, d]` whose clusters were `start` `[m, d]` before: those of before that still have
 * vectors, moved to where they are now, and new ones where there is more to gain. A fit from them keeps its clusters where
 * the vectors stayed what they were: a fresh fit of vectors with soft borders ends elsewhere when one in fifty of them
 * changes (`npm run bench -- stability`).
 *
 * Some more than `k` are tried, by splitting the clusters that gain most, and the ones that are missed least dropped:
 * splits and merges as in ISODATA (Ball & Hall 1965), judged by what k-means minimises.
 */
const continuedSeeds = async (
  vectors: Float32Array,
  d: number,
  { start, k }: { readonly start: Float32Array; readonly k: number },
  random: () => number,
  how: How,
): Promise<Float32Array> => {
  const among = drawAmong(vectors, d, k, random);
  const parts = await partsOf(among, d, start, random, how);
  const before = parts.map(({ centroid }) => centroid);
  await splitParts(parts, d, Math.max(parts.length, k) + Math.ceil(k * triedShare), random, how);
  const tried = await settled(among, d, joinedRows(parts.map(({ centroid }) => centroid)), how);
  const old = parts.map((part) => part.old);
  const kept = await keptOf(among, d, tried, k, old, how);
  const split = new Set(kept.filter((id) => !old[id]).map((id) => parts[id]?.origin));
  return joinedRows(
    kept.map((id) => {
      const origin = parts[id]?.origin ?? 0;
      return (old[id] && !split.has(origin) && before[origin]) || takeRows(tried, d, [id]);
    }),
  );
};

/** Seeds `[≤ k, d]` of a fit: those that go on from `start` where there is one, else fresh ones. */
export const seedsFor = (
  vectors: Float32Array,
  d: number,
  k: number,
  random: () => number,
  { start, ...how }: Pick<FitOptions, "start" | "products" | "signal">,
): Promise<Float32Array> =>
  start === undefined
    ? seedCentroids(vectors, d, k, random, how)
    : continuedSeeds(vectors, d, { start, k }, random, how);
