import type { FitOptions } from "./cluster-model.ts";
import { kernelProducts } from "./products.ts";
import { sampleIndices } from "./random.ts";
import { takeRows } from "./vectors.ts";

/** Vectors nearer than this (1 − cosine) to a seed count as the same: rounding of unit vectors. */
const sameVector = 1e-6;
/** Seeds are looked for among so many vectors, or 20 a cluster where that is more. */
const searched = 4_000;

/** Distance to the nearest seed, given that to those before and the similarity to one more. */
const nearer = (before: number, similarity: number): number => {
  const distance = 1 - similarity;
  return distance >= before ? before : distance < sameVector ? 0 : distance;
};

/** For each column of `similarities` `[n, columns]`: the sum of the distances with it as one more seed. */
const totalsWith = (similarities: Float32Array, columns: number, nearest: Float32Array): Float64Array => {
  const totals = new Float64Array(columns);
  for (let row = 0, at = 0; row < nearest.length; row++) {
    const before = nearest[row] as number;
    for (let column = 0; column < columns; column++, at++)
      totals[column] = (totals[column] as number) + nearer(before, similarities[at] as number);
  }
  return totals;
};

/** A row drawn with a probability that grows with its weight; never one of weight 0. */
const drawRow = (weights: Float32Array, total: number, random: () => number): number => {
  let left = random() * total;
  let last = 0;
  for (let row = 0; row < weights.length; row++) {
    const weight = weights[row] as number;
    if (weight === 0) continue;
    last = row;
    left -= weight;
    if (left < 0) return row;
  }
  return last;
};

const draws = (count: number, weights: Float32Array, total: number, random: () => number): number[] =>
  Array.from({ length: count }, () => drawRow(weights, total, random));

/** The vectors that seeds for `k` clusters are looked for among: all, or as many as are enough, drawn at random. */
export const drawAmong = (vectors: Float32Array, d: number, k: number, random: () => number): Float32Array =>
  takeRows(vectors, d, sampleIndices(vectors.length / d, Math.max(searched, 20 * k), random));

/**
 * Greedy k-means++ (Arthur & Vassilvitskii 2007): each next seed is the best of 2 + ln k vectors drawn with a
 * probability that grows with their squared Euclidean distance to the seeds so far, which is 2 − 2 cosine for unit
 * vectors. Gives `[≤ k, d]`: fewer when there are fewer different vectors.
 */
export const seedCentroids = async (
  vectors: Float32Array,
  d: number,
  k: number,
  random: () => number,
  { products = kernelProducts, signal }: Pick<FitOptions, "products" | "signal"> = {},
): Promise<Float32Array> => {
  const among = drawAmong(vectors, d, k, random);
  const trials = 2 + Math.floor(Math.log(k));
  const seeds: number[] = [];
  const nearest = new Float32Array(among.length / d).fill(Number.POSITIVE_INFINITY);
  let total = 1;
  while (seeds.length < k && total > 0) {
    signal?.throwIfAborted();
    const tried = seeds.length === 0 ? [0] : draws(trials, nearest, total, random);
    const similarities = await products(among, takeRows(among, d, tried), d);
    const totals = totalsWith(similarities, tried.length, nearest);
    total = Math.min(...totals);
    const best = totals.indexOf(total);
    seeds.push(tried[best] ?? 0);
    for (let row = 0; row < nearest.length; row++)
      nearest[row] = nearer(nearest[row] as number, similarities[row * tried.length + best] as number);
  }
  return takeRows(among, d, seeds);
};
