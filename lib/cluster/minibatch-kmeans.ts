import { numberOfClusters } from "./choose-k.ts";
import { type Clustering, type ClusterModel, checkInput, type FitOptions } from "./cluster-model.ts";
import { clusterSizes, noClusters, numberedBySize } from "./clustering.ts";
import { seedsFor } from "./continued-seeds.ts";
import { addRow, meanSimilarity } from "./means.ts";
import { assignByProducts, emptyAssignment } from "./nearest.ts";
import { kernelProducts } from "./products.ts";
import { sampleIndices, seededRandom } from "./random.ts";
import { normalisedRows, takeRows } from "./vectors.ts";

/** Vectors of one step. */
const batchSize = 1_024;
/** Steps after which a fit ends when its smoothed similarity has not risen. */
const patience = 10;
/** Every so many steps, centroids that next to nothing came to are moved to vectors of the batch. */
const stepsPerReassignment = 10;
/** A centroid counts as starved below this share of the largest count (scikit-learn's `reassignment_ratio`). */
const starvedShare = 0.01;

type State = {
  readonly centroids: Float32Array;
  /** Vectors that came to each centroid. */
  readonly counts: Float64Array;
  /** Room for a step's sums, `[k, d]`. */
  readonly sums: Float64Array;
};

/** Moves each centroid to the mean of the vectors that ever came to it, and back onto the sphere. */
const learn = (
  { centroids, counts, sums }: State,
  batch: Float32Array,
  d: number,
  labels: Int32Array,
): void => {
  for (let id = 0; id < counts.length; id++)
    for (let at = id * d, end = at + d; at < end; at++)
      sums[at] = (counts[id] as number) * (centroids[at] as number);
  for (let row = 0; row < labels.length; row++) {
    const id = labels[row] as number;
    counts[id] = (counts[id] as number) + 1;
    addRow(sums, id, batch, row, d, 1);
  }
  centroids.set(normalisedRows(sums, d, centroids));
};

/** Gives starved centroids vectors of the batch and the smallest count of the others, so that they learn fast. */
const reassign = (
  { centroids, counts }: State,
  batch: Float32Array,
  d: number,
  random: () => number,
): void => {
  const most = Math.max(...counts);
  const starved = [...counts.keys()].filter((id) => (counts[id] ?? 0) < starvedShare * most);
  const n = batch.length / d;
  if (starved.length === 0) return;
  const fed = Math.min(...counts.filter((count) => count >= starvedShare * most));
  const rows = sampleIndices(n, Math.min(starved.length, n / 2), random);
  for (const [at, row] of rows.entries()) {
    const id = starved[at] as number;
    centroids.set(batch.subarray(row * d, (row + 1) * d), id * d);
    counts[id] = fed;
  }
};

/** Steps over batches drawn by the seed; ends when the smoothed similarity no longer rises. */
const learnAll = async (
  vectors: Float32Array,
  d: number,
  state: State,
  random: () => number,
  { onPass, maxPasses = 10, products = kernelProducts, signal }: FitOptions,
): Promise<void> => {
  const n = vectors.length / d;
  const steps = Math.max(1, Math.ceil((maxPasses * n) / batchSize));
  const forget = Math.min(1, (2 * batchSize) / (n + 1));
  const k = state.counts.length;
  let [smoothed, best, since] = [-1, -1, 0];
  for (let step = 1; step <= steps && since < patience; step++) {
    const rows = Int32Array.from({ length: Math.min(n, batchSize) }, () => Math.floor(random() * n));
    const batch = takeRows(vectors, d, rows);
    const assignment = emptyAssignment(rows.length);
    await assignByProducts(batch, state.centroids, { d, products, signal }, assignment);
    learn(state, batch, d, assignment.labels);
    if (step % stepsPerReassignment === 0) reassign(state, batch, d, random);
    const similarity = meanSimilarity(assignment.similarities);
    smoothed = step === 1 ? similarity : smoothed + forget * (similarity - smoothed);
    since = smoothed > best ? 0 : since + 1;
    best = Math.max(best, smoothed);
    onPass?.({ pass: step, k, meanSimilarity: smoothed });
  }
};

/** None; but centroids that a fit goes on from weigh as much as the vectors that are theirs now. */
const firstCounts = async (
  vectors: Float32Array,
  d: number,
  centroids: Float32Array,
  { start, products = kernelProducts, signal }: FitOptions,
): Promise<Float64Array> => {
  const k = centroids.length / d;
  if (start === undefined) return new Float64Array(k);
  const assignment = emptyAssignment(vectors.length / d);
  await assignByProducts(vectors, centroids, { d, products, signal }, assignment);
  return Float64Array.from(clusterSizes(assignment.labels, k));
};

const fitK = async (
  vectors: Float32Array,
  d: number,
  k: number,
  options: FitOptions,
): Promise<Clustering> => {
  const { products = kernelProducts, signal } = options;
  const random = seededRandom(options.seed);
  const centroids = await seedsFor(vectors, d, k, random, options);
  const counts = await firstCounts(vectors, d, centroids, options);
  await learnAll(
    vectors,
    d,
    { centroids, counts, sums: new Float64Array(centroids.length) },
    random,
    options,
  );
  const assignment = emptyAssignment(vectors.length / d);
  await assignByProducts(vectors, centroids, { d, products, signal }, assignment);
  return numberedBySize(vectors, d, assignment.labels, centroids);
};

/**
 * Spherical k-means from small batches (Sculley 2010) with the reassignment of starved centroids as in scikit-learn: for
 * a million vectors, where a pass of k-means over all of them takes too long. `onPass` reports steps, whose smoothed
 * similarity may fall; `maxPasses` bounds how often each vector is looked at, 10 unless told.
 */
export const minibatchKmeans: ClusterModel = {
  fit: async (vectors, d, options) => {
    const n = checkInput(vectors, d, options.k);
    options.signal?.throwIfAborted();
    if (n === 0) return noClusters;
    const k = await numberOfClusters(vectors, d, options, fitK);
    return fitK(vectors, d, k, options);
  },
};
