import type { FitOptions } from "./cluster-model.ts";
import { kernelProducts } from "./products.ts";
import { sampleIndices } from "./random.ts";
import { takeRows } from "./vectors.ts";

/** Vectors nearer than this (1 − cosine) to a seed count as the same: rounding of unit vectors. */
const sameVector = 1e-6;
/** Seeds are looked for among so many vectors, or 20 a cluster where that is more. */
const searched = 4_000;

type Cover = { readonly nearest: Float32Array; readonly total: number };

/** With column `column` of `similarities` `[n, columns]` as one more seed: distances `[n]` to the nearest seed, and their sum. */
const coverWith = (
  similarities: Float32Array,
  column: number,
  columns: number,
  before: Float32Array,
): Cover => {
  const nearest = Float32Array.from(before);
  let total = 0;
  for (let row = 0; row < nearest.length; row++) {
    const distance = 1 - (similarities[row * columns + column] as number);
    if (distance < (nearest[row] as number)) nearest[row] = distance < sameVector ? 0 : distance;
    total += nearest[row] as number;
  }
  return { nearest, total };
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
  const none = new Float32Array(among.length / d).fill(Number.POSITIVE_INFINITY);
  let cover: Cover = { nearest: none, total: 1 };
  while (seeds.length < k && cover.total > 0) {
    signal?.throwIfAborted();
    const { nearest, total } = cover;
    const tried = seeds.length === 0 ? [0] : draws(trials, nearest, total, random);
    const similarities = await products(among, takeRows(among, d, tried), d);
    const covers = tried.map((_, column) => coverWith(similarities, column, tried.length, nearest));
    const best = covers.reduce((least, { total }, i) => (total < (covers[least]?.total ?? 0) ? i : least), 0);
    seeds.push(tried[best] ?? 0);
    cover = covers[best] ?? cover;
  }
  return takeRows(among, d, seeds);
};
