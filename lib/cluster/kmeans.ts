import { boundedAssignment, leastToBound } from "./bounds.ts";
import { numberOfClusters } from "./choose-k.ts";
import { type Clustering, type ClusterModel, checkInput, type FitOptions } from "./cluster-model.ts";
import { clusterSizes, noClusters, numberedBySize } from "./clustering.ts";
import { seedsFor } from "./continued-seeds.ts";
import { meanSimilarity, runningMeans } from "./means.ts";
import { type Assignment, assignByProducts, emptyAssignment } from "./nearest.ts";
import { kernelProducts } from "./products.ts";
import { seededRandom } from "./random.ts";

/** A fit ends when a pass moves no more than this share of the vectors. */
const settledShare = 0.0005;

/**
 * Gives each empty cluster the vector that lies farthest from its own centroid, each vector once, as long as it is not
 * the last of its cluster.
 */
const reseedEmpty = (
  vectors: Float32Array,
  d: number,
  { labels, similarities }: Assignment,
  centroids: Float32Array,
): void => {
  const sizes = clusterSizes(labels, centroids.length / d);
  const empty = [...sizes.keys()].filter((id) => sizes[id] === 0);
  if (empty.length === 0) return;
  const farthest = [...labels.keys()].sort(
    (a, b) => (similarities[a] ?? 0) - (similarities[b] ?? 0) || a - b,
  );
  for (const row of farthest) {
    const owner = labels[row] ?? 0;
    if ((sizes[owner] ?? 0) < 2 || (similarities[row] ?? 1) > 1 - 1e-6) continue;
    const id = empty.shift();
    if (id === undefined) return;
    sizes[owner] = (sizes[owner] ?? 0) - 1;
    centroids.set(vectors.subarray(row * d, (row + 1) * d), id * d);
  }
};

/**
 * Lloyd's passes on the sphere from given centroids `[k, d]`: assign by the largest dot product, move each centroid to
 * the normalised mean of its members (Dhillon & Modha 2001).
 */
export const settle = async (
  vectors: Float32Array,
  d: number,
  seeds: Float32Array,
  { signal, onPass, maxPasses = 30, products = kernelProducts }: FitOptions,
): Promise<{ readonly centroids: Float32Array; readonly assignment: Assignment }> => {
  const n = vectors.length / d;
  const k = seeds.length / d;
  const assignment = emptyAssignment(n);
  const how = { d, products, signal };
  const assign =
    k < leastToBound
      ? (centroids: Float32Array) => assignByProducts(vectors, centroids, how, assignment)
      : boundedAssignment(vectors, how, assignment);
  const means = runningMeans(vectors, d, k);
  let centroids = seeds;
  for (let pass = 1; ; pass++) {
    const changed = await assign(centroids);
    onPass?.({ pass, k, meanSimilarity: meanSimilarity(assignment.similarities) });
    if (changed <= n * settledShare || pass === maxPasses) return { centroids, assignment };
    const moved = await means.follow(assignment.labels, centroids);
    reseedEmpty(vectors, d, assignment, moved);
    centroids = moved;
  }
};

const fitK = async (
  vectors: Float32Array,
  d: number,
  k: number,
  options: FitOptions,
): Promise<Clustering> => {
  const seeds = await seedsFor(vectors, d, k, seededRandom(options.seed), options);
  const { centroids, assignment } = await settle(vectors, d, seeds, options);
  return numberedBySize(vectors, d, assignment.labels, centroids);
};

/** Spherical k-means with k-means++ seeds, for training offline. `auto` chooses k on a part of the vectors. */
export const kmeans: ClusterModel = {
  fit: async (vectors, d, options) => {
    const n = checkInput(vectors, d, options.k);
    options.signal?.throwIfAborted();
    if (n === 0) return noClusters;
    const k = await numberOfClusters(vectors, d, options, fitK);
    return fitK(vectors, d, k, options);
  },
};
