import {
  type Clustering,
  type ClusterModel,
  checkInput,
  type FitOptions,
  type HdbscanOptions,
} from "./cluster-model.ts";
import { clusterMeans, noClusters, numberedBySize } from "./clustering.ts";
import { condensedTree, outlierScores, selectClusters, treeLabels } from "./condensed-tree.ts";
import type { Edge } from "./edges-between.ts";
import { nearestNeighbours } from "./knn.ts";
import { kernelProducts, turn } from "./products.ts";
import { spanningTree } from "./spanning-tree.ts";
import { takeRows } from "./vectors.ts";

/** Neighbours that are listed at least: more make the lists suffice longer in the spanning tree. */
const listed = 16;

/** Cluster sizes below this tell nothing: 3 hits of an answer, growing with the root of `n`. */
const defaultMinClusterSize = (n: number): number => Math.max(3, Math.round(Math.sqrt(n) / 4));

/** The options as they are declared, where `auto` leaves the choice to the algorithm. */
export const hdbscanOptions = (declared: {
  readonly minClusterSize: "auto" | number;
  readonly minSamples: "auto" | number;
  readonly selection: "eom" | "leaf";
}): HdbscanOptions => ({
  selection: declared.selection,
  ...(declared.minClusterSize !== "auto" && { minClusterSize: declared.minClusterSize }),
  ...(declared.minSamples !== "auto" && { minSamples: declared.minSamples }),
});

/** The largest distance of a member, a little widened against rounding. */
const radiiOf = ({ k, labels, distances }: Clustering): Float32Array => {
  const radii = new Float32Array(k);
  for (const [row, label] of labels.entries())
    if (label >= 0) radii[label] = Math.max(radii[label] as number, (distances[row] as number) + 1e-6);
  return radii;
};

const allNoise = (n: number): Clustering => ({
  k: 0,
  centroids: new Float32Array(0),
  labels: new Int32Array(n).fill(-1),
  distances: new Float32Array(n),
  radii: new Float32Array(0),
  outlierScores: new Float32Array(n),
});

const withCentroids = async (
  vectors: Float32Array,
  d: number,
  labels: Int32Array,
  k: number,
): Promise<Clustering> => {
  const first = Array.from({ length: k }, (_, id) => labels.indexOf(id));
  const centroids = clusterMeans(vectors, d, labels, takeRows(vectors, d, first));
  await turn();
  const clustering = await numberedBySize(vectors, d, labels, centroids);
  return { ...clustering, radii: radiiOf(clustering) };
};

const clustersOf = async (
  vectors: Float32Array,
  d: number,
  edges: readonly Edge[],
  minClusterSize: number,
  selection: "eom" | "leaf",
  signal: AbortSignal | undefined,
): Promise<Clustering> => {
  const n = vectors.length / d;
  const tree = await condensedTree(n, edges, minClusterSize);
  await turn();
  signal?.throwIfAborted();
  const selected = selectClusters(tree, selection);
  const scores = outlierScores(n, tree);
  if (selected.length === 0) return { ...allNoise(n), outlierScores: scores };
  await turn();
  const labels = treeLabels(n, tree, selected);
  return { ...(await withCentroids(vectors, d, labels, selected.length)), outlierScores: scores };
};

const fitAll = async (
  vectors: Float32Array,
  d: number,
  n: number,
  options: FitOptions,
): Promise<Clustering> => {
  const { products = kernelProducts, signal, hdbscan = {}, onProgress } = options;
  const minClusterSize = Math.max(2, hdbscan.minClusterSize ?? defaultMinClusterSize(n));
  if (n < minClusterSize || n < 2) return allNoise(n);
  const minSamples = Math.min(hdbscan.minSamples ?? minClusterSize, n - 1);
  const how = { d, products, signal };
  // All pairs are looked at for the neighbours, and mostly once more for the tree.
  const half = (before: number) => (share: number) => onProgress?.(before + share / 2);
  const neighbours = await nearestNeighbours(vectors, Math.min(n - 1, Math.max(listed, minSamples)), {
    ...how,
    onTile: half(0),
  });
  // To the minSamples-th other row, as in Python's hdbscan; scikit-learn counts the row itself.
  const core = Float64Array.from(
    { length: n },
    (_, row) => neighbours.distances[row * neighbours.count + minSamples - 1] as number,
  );
  const edges = await spanningTree(vectors, neighbours, core, { ...how, onTile: half(0.5) });
  const clustering = await clustersOf(vectors, d, edges, minClusterSize, hdbscan.selection ?? "eom", signal);
  onProgress?.(1);
  return clustering;
};

/**
 * HDBSCAN (Campello, Moulavi & Sander 2013; McInnes & Healy 2017) in Euclidean distance of unit vectors, exact at every
 * size: all pairs are compared once or twice, n² products, so 20,000 vectors take seconds and the sample bounds the rest. It finds
 * its number of clusters itself: `k` is not used, nor is the seed. A centroid is the normalised mean of the members, a
 * radius the distance of the farthest one.
 */
export const hdbscan: ClusterModel = {
  fit: async (vectors, d, options) => {
    const n = checkInput(vectors, d, options.k);
    options.signal?.throwIfAborted();
    return n === 0 ? noClusters : fitAll(vectors, d, n, options);
  },
};
