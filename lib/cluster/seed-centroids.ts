import { sampleIndices } from "./random.ts";
import { dotRows, takeRows } from "./vectors.ts";

/** Vectors nearer than this (1 − cosine) to a seed count as the same: rounding of unit vectors. */
const sameVector = 1e-6;
/** Seeds are looked for among so many vectors, or 20 a cluster where that is more. */
const searched = 4_000;

type Cover = { readonly nearest: Float64Array; readonly total: number };

/** Distances (1 − cosine) `[n]` to the nearest seed once row `seed` is one, and their sum. */
const coverWith = (vectors: Float32Array, d: number, seed: number, before: Float64Array): Cover => {
  const nearest = Float64Array.from(before);
  let total = 0;
  for (let row = 0; row < nearest.length; row++) {
    const distance = 1 - dotRows(vectors, row, vectors, seed, d);
    if (distance < (nearest[row] as number)) nearest[row] = distance < sameVector ? 0 : distance;
    total += nearest[row] as number;
  }
  return { nearest, total };
};

/** A row drawn with a probability that grows with its weight; never one of weight 0. */
const drawRow = (weights: Float64Array, total: number, random: () => number): number => {
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
  turn: () => Promise<void>,
): Promise<Float32Array> => {
  const rows = sampleIndices(vectors.length / d, Math.max(searched, 20 * k), random);
  const among = takeRows(vectors, d, rows);
  const trials = 2 + Math.floor(Math.log(k));
  const seeds = [0];
  let cover = coverWith(among, d, 0, new Float64Array(rows.length).fill(Number.POSITIVE_INFINITY));
  while (seeds.length < k && cover.total > 0) {
    let best: { row: number; cover: Cover } | null = null;
    for (let trial = 0; trial < trials; trial++) {
      const row = drawRow(cover.nearest, cover.total, random);
      const covered = coverWith(among, d, row, cover.nearest);
      if (best === null || covered.total < best.cover.total) best = { row, cover: covered };
    }
    if (best === null) break;
    seeds.push(best.row);
    cover = best.cover;
    await turn();
  }
  return takeRows(among, d, seeds);
};
