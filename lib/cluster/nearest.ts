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

/** Row `row` of `vectors` times each centroid, into `dots` `[k]`. */
const dotAll = (
  vectors: Float32Array,
  row: number,
  d: number,
  centroids: Float64Array,
  dots: Float64Array,
): void => {
  const from = row * d;
  const k = dots.length;
  let id = 0;
  // Four centroids a pass: each element of the row is loaded and widened once for four products.
  for (; id + 4 <= k; id += 4) {
    let c = id * d;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let at = from; at < from + d; at++, c++) {
      const value = vectors[at] as number;
      s0 += value * (centroids[c] as number);
      s1 += value * (centroids[c + d] as number);
      s2 += value * (centroids[c + 2 * d] as number);
      s3 += value * (centroids[c + 3 * d] as number);
    }
    dots[id] = s0;
    dots[id + 1] = s1;
    dots[id + 2] = s2;
    dots[id + 3] = s3;
  }
  for (; id < k; id++) {
    let sum = 0;
    for (let at = from, c = id * d; at < from + d; at++, c++)
      sum += (vectors[at] as number) * (centroids[c] as number);
    dots[id] = sum;
  }
};

const largest = (values: Float64Array): number => {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[best] as number)) best = i;
  return best;
};

/**
 * Finds for rows `from` to `to` of `vectors` `[n, d]` the centroid of `centroids` `[k, d]` with the largest dot
 * product (the nearest, for unit vectors); of equals the lowest id. Gives how many labels changed.
 */
export const assignRows = (
  vectors: Float32Array,
  d: number,
  centroids: Float64Array,
  { labels, similarities }: Assignment,
  from = 0,
  to = labels.length,
): number => {
  const dots = new Float64Array(centroids.length / d);
  if (dots.length === 0) return 0;
  let changed = 0;
  for (let row = from; row < to; row++) {
    dotAll(vectors, row, d, centroids, dots);
    const best = largest(dots);
    if (labels[row] !== best) changed++;
    labels[row] = best;
    similarities[row] = dots[best] as number;
  }
  return changed;
};

/** Labels `[n]` and distances `[n]` (1 − cosine), at once: for hundreds of rows, not for training. */
export const nearestCentroids = (
  vectors: Float32Array,
  d: number,
  centroids: Float64Array,
): { readonly ids: Int32Array; readonly distances: Float32Array } => {
  const assignment = emptyAssignment(vectors.length / d);
  assignRows(vectors, d, centroids, assignment);
  const none = centroids.length === 0;
  return {
    ids: assignment.labels,
    distances: assignment.similarities.map((s) => (none ? 0 : cosineDistance(s))),
  };
};
