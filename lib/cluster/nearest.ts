import { dotProducts } from "./dot-kernel.ts";
import { nearestRows } from "./nearest-kernel.ts";
import { type Sweep, sweep } from "./products.ts";
import { cosineDistance } from "./vectors.ts";

/** What `assignRows` fills: the nearest centroid of each row and its dot product with it. */
export type Assignment = {
  /** `[n]`; −1 where there is no centroid at all. */
  readonly labels: Int32Array;
  /** `[n]` */
  readonly similarities: Float32Array;
};

export const emptyAssignment = (n: number): Assignment => ({
  labels: new Int32Array(n).fill(-1),
  similarities: new Float32Array(n),
});

/** Where the largest of `values` from `start` to `end` is; of equals the first. */
export const largest = (values: Float32Array, start: number, end: number): number => {
  let best = start;
  let bestValue = values[start] as number;
  for (let i = start + 1; i < end; i++) {
    const value = values[i] as number;
    if (value > bestValue) {
      bestValue = value;
      best = i;
    }
  }
  return best;
};

/**
 * Finds for rows `from` to `to` of `vectors` `[n, d]` the centroid of `centroids` `[k, d]` with the largest dot
 * product (the nearest, for unit vectors); of equals the lowest id. Gives how many labels changed.
 */
export const assignRows = (
  vectors: Float32Array,
  d: number,
  centroids: Float32Array,
  { labels, similarities }: Assignment,
  from = 0,
  to = labels.length,
): number => {
  let changed = 0;
  nearestRows(vectors.subarray(from * d, to * d), centroids, d, (index, best, dot) => {
    const row = from + index;
    if (labels[row] !== best) changed++;
    labels[row] = best;
    similarities[row] = dot;
  });
  return changed;
};

/** `assignRows` for training: all rows, by products that do not hold the event loop. */
export const assignByProducts = async (
  vectors: Float32Array,
  centroids: Float32Array,
  how: Sweep,
  { labels, similarities }: Assignment,
): Promise<number> => {
  const k = centroids.length / how.d;
  let changed = 0;
  await sweep(vectors, centroids, how, (from, block) => {
    for (let start = 0, row = from; start < block.length; start += k, row++) {
      const best = largest(block, start, start + k) - start;
      if (labels[row] !== best) changed++;
      labels[row] = best;
      similarities[row] = block[start + best] as number;
    }
  });
  return changed;
};

/** The same, of the centroids whose radius (1 − cosine) reaches the row; −1 where none does. */
const assignWithin = (
  vectors: Float32Array,
  d: number,
  centroids: Float32Array,
  radii: ArrayLike<number>,
): { readonly ids: Int32Array; readonly distances: Float32Array } => {
  const n = vectors.length / d;
  const ids = new Int32Array(n).fill(-1);
  const distances = new Float32Array(n);
  dotProducts(vectors, centroids, d, (row, dots) => {
    let best = Number.POSITIVE_INFINITY;
    for (let id = 0; id < dots.length; id++) {
      const distance = cosineDistance(dots[id] as number);
      if (distance >= best || distance > (radii[id] as number)) continue;
      best = distance;
      ids[row] = id;
      distances[row] = distance;
    }
  });
  return { ids, distances };
};

/**
 * Labels `[n]` and distances `[n]` (1 − cosine), at once: for hundreds of rows, not for training. With radii `[k]` a row
 * belongs to the nearest of the centroids whose radius reaches it, or is noise: −1, at distance 0.
 */
export const nearestCentroids = (
  vectors: Float32Array,
  d: number,
  centroids: Float32Array,
  radii?: ArrayLike<number>,
): { readonly ids: Int32Array; readonly distances: Float32Array } => {
  if (radii !== undefined) return assignWithin(vectors, d, centroids, radii);
  const assignment = emptyAssignment(vectors.length / d);
  assignRows(vectors, d, centroids, assignment);
  const none = centroids.length === 0;
  return {
    ids: assignment.labels,
    distances: assignment.similarities.map((s) => (none ? 0 : cosineDistance(s))),
  };
};
