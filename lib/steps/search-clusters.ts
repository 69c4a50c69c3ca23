import type { PublishedCentroids } from "../centroids/published.ts";
import type { FitOptions } from "../cluster/cluster-model.ts";
import { clusterSizes } from "../cluster/clustering.ts";
import { nearestCentroids } from "../cluster/nearest.ts";
import { type ClusterAlgorithm, clusterModels } from "../cluster/registry.ts";
import { cosineDistance, dotRows, joinedRows } from "../cluster/vectors.ts";
import type { ClusteredHit, HitCluster } from "../rerank/reranker.ts";
import type { ScoredChunk } from "../scored-chunk.ts";

/** A label for each candidate (−1 is noise), the centroids `[k, d]` that the labels count in, and the clusters' ids `[k]`. */
export type CandidateLabels = {
  readonly labels: Int32Array;
  readonly centroids: Float32Array;
  /** Absent: the labels themselves. */
  readonly ids?: readonly number[];
};

const vectorsOf = (rows: readonly ScoredChunk[]): Float32Array =>
  joinedRows(rows.map(({ vector }) => vector));

/** Every candidate on its own. */
export const noLabels = (rows: readonly ScoredChunk[]): CandidateLabels => ({
  labels: new Int32Array(rows.length).fill(-1),
  centroids: new Float32Array(0),
});

/** The labels that rows carry where they are of the current version; the nearest centroid (that reaches them) of the others. */
export const publishedLabels = (
  rows: readonly ScoredChunk[],
  { version, dimension, centroids, radii, ids: names }: PublishedCentroids,
): CandidateLabels => {
  const indices = new Map([[-1, -1], ...names.map((id, index) => [id, index] as const)]);
  const labels = Int32Array.from(rows, (row) =>
    row.clusterVersion === version ? (indices.get(row.clusterId) ?? -2) : -2,
  );
  const stale = [...labels.keys()].filter((index) => labels[index] === -2);
  const { ids } = nearestCentroids(
    vectorsOf(stale.flatMap((index) => rows[index] ?? [])),
    dimension,
    centroids,
    radii,
  );
  for (const [at, index] of stale.entries()) labels[index] = ids[at] ?? -1;
  return { labels, centroids, ids: names };
};

/** Clusters made of the candidates alone. */
export const queryLabels = async (
  rows: readonly ScoredChunk[],
  d: number,
  algorithm: ClusterAlgorithm,
  options: FitOptions,
): Promise<CandidateLabels> => clusterModels[algorithm].query.fit(vectorsOf(rows), d, options);

/**
 * Gives each candidate its cluster: how many candidates it has, its centre and how far that is from the question. Noise
 * is never one cluster: each such candidate is its own, numbered −1, −2, … in order, and its own centre.
 */
export const clusterHits = (
  rows: readonly ScoredChunk[],
  query: Float32Array,
  { labels, centroids, ids }: CandidateLabels,
): readonly ClusteredHit[] => {
  const d = query.length;
  const sizes = clusterSizes(labels, centroids.length / d);
  const clusters = new Map<number, HitCluster>();
  const make = (id: number, size: number, centroid: Float32Array): HitCluster => {
    const cluster = { id, size, centroid, centerDistance: cosineDistance(dotRows(centroid, 0, query, 0, d)) };
    clusters.set(id, cluster);
    return cluster;
  };
  let noise = 0;
  return rows.map((row, index) => {
    const label = labels[index] ?? -1;
    if (label < 0) return { ...row, cluster: make(--noise, 1, row.vector), clusterDistance: 0 };
    const id = ids?.[label] ?? label;
    const cluster =
      clusters.get(id) ?? make(id, sizes[label] ?? 1, centroids.subarray(label * d, (label + 1) * d));
    return {
      ...row,
      cluster,
      clusterDistance: cosineDistance(dotRows(row.vector, 0, cluster.centroid, 0, d)),
    };
  });
};
