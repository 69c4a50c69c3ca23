import { kmeans } from "ml-kmeans";
import { candidateKs, silhouette } from "./choose-k.ts";
import { type Clustering, type ClusterModel, checkInput } from "./cluster-model.ts";
import { clusterMeans, noClusters, numberedBySize } from "./clustering.ts";
import { seededRandom } from "./random.ts";
import { seedCentroids } from "./seed-centroids.ts";

/** ks that `auto` tries where they are candidates at all: fewer than offline, as somebody waits. */
const ladder = [2, 3, 4, 6, 8, 12, 16, 24, 32] as const;

const rowsOf = (vectors: Float32Array, d: number): number[][] =>
  Array.from({ length: vectors.length / d }, (_, row) =>
    Array.from(vectors.subarray(row * d, (row + 1) * d)),
  );

const fitRows = async (
  rows: number[][],
  vectors: Float32Array,
  d: number,
  k: number,
  seed: number,
): Promise<Clustering> => {
  // Our own seeds: ml-kmeans' k-means++ divides by zero when there are fewer different vectors than clusters.
  const seeds = await seedCentroids(vectors, d, k, seededRandom(seed));
  const fitted = kmeans(rows, seeds.length / d, {
    initialization: rowsOf(seeds, d),
    maxIterations: 10,
    tolerance: 1e-5,
  });
  const labels = Int32Array.from(fitted.clusters);
  return numberedBySize(vectors, d, labels, clusterMeans(vectors, d, labels, seeds));
};

/**
 * k-means of an answer's candidates, by ml-kmeans: for hundreds of vectors at query time. `auto` takes the k of a short
 * ladder with the best simplified silhouette; of equals the smaller. A centroid is the normalised mean of its
 * members.
 */
export const queryKmeans: ClusterModel = {
  fit: async (vectors, d, { k, seed, signal }) => {
    const n = checkInput(vectors, d, k);
    signal?.throwIfAborted();
    if (n === 0) return noClusters;
    const rows = rowsOf(vectors, d);
    if (k !== "auto") return fitRows(rows, vectors, d, Math.min(k, n), seed);
    let best: { clustering: Clustering; score: number } | null = null;
    for (const candidate of candidateKs(n, ladder)) {
      signal?.throwIfAborted();
      const clustering = await fitRows(rows, vectors, d, candidate, seed);
      const score = silhouette(vectors, d, clustering);
      if (best === null || score > best.score) best = { clustering, score };
    }
    return best?.clustering ?? fitRows(rows, vectors, d, 1, seed);
  },
};
