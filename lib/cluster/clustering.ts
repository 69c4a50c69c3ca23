import type { Clustering } from "./cluster-model.ts";
import { addRow } from "./means.ts";
import { turn } from "./products.ts";
import { cosineDistance, dotRows, normalisedRows, takeRows } from "./vectors.ts";

/** Rows compared with their centroids between two turns of the event loop: a few milliseconds at 384 dimensions. */
const rowsPerTurn = 4_096;

export const noClusters: Clustering = {
  k: 0,
  centroids: new Float32Array(0),
  labels: new Int32Array(0),
  distances: new Float32Array(0),
};

/** Members of each label below `k`. */
export const clusterSizes = (labels: Int32Array, k: number): Int32Array => {
  const sizes = new Int32Array(k);
  for (const label of labels) if (label >= 0) sizes[label] = (sizes[label] ?? 0) + 1;
  return sizes;
};

/** Sums of the members of each label, `[k, d]`. */
const clusterSums = (vectors: Float32Array, d: number, labels: Int32Array, k: number): Float64Array => {
  const sums = new Float64Array(k * d);
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] as number;
    if (label >= 0) addRow(sums, label, vectors, row, d, 1);
  }
  return sums;
};

/** Normalised means `[k, d]` of the members of each label; `fallback` where they have no direction. */
export const clusterMeans = (
  vectors: Float32Array,
  d: number,
  labels: Int32Array,
  fallback: Float32Array,
): Float32Array => normalisedRows(clusterSums(vectors, d, labels, fallback.length / d), d, fallback);

/** Drops empty clusters and numbers the others by size, largest first (of equals the lower old id). */
export const numberedBySize = async (
  vectors: Float32Array,
  d: number,
  labels: Int32Array,
  centroids: Float32Array,
): Promise<Clustering> => {
  const sizes = clusterSizes(labels, centroids.length / d);
  const order = [...sizes.keys()]
    .filter((id) => (sizes[id] ?? 0) > 0)
    .sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0) || a - b);
  const newIds = new Int32Array(sizes.length).fill(-1);
  for (const [newId, oldId] of order.entries()) newIds[oldId] = newId;
  const kept = takeRows(centroids, d, order);
  const renamed = labels.map((label) => (label < 0 ? -1 : (newIds[label] ?? -1)));
  const distances = new Float32Array(labels.length);
  for (const [row, label] of renamed.entries()) {
    distances[row] = label < 0 ? 0 : cosineDistance(dotRows(vectors, row, kept, label, d));
    if ((row + 1) % rowsPerTurn === 0) await turn();
  }
  return { k: order.length, centroids: kept, labels: renamed, distances };
};
