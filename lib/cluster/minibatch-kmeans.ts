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
};

/** Rows `[n]` in the order of their labels, and where the rows of each label begin, `[k + 1]`. */
const byLabel = (
  labels: Int32Array,
  k: number,
): { readonly rows: Int32Array; readonly starts: Int32Array } => {
  const starts = new Int32Array(k + 1);
  for (const label of labels) starts[label + 1] = (starts[label + 1] as number) + 1;
  for (let id = 0; id < k; id++) starts[id + 1] = (starts[id + 1] as number) + (starts[id] as number);
  const next = starts.slice();
  const rows = new Int32Array(labels.length);
  for (const [row, label] of labels.entries()) {
    rows[next[label] as number] = row;
    next[label] = (next[label] as number) + 1;
  }
  return { rows, starts };
};

/**
 * Moves each centroid to the mean of the vectors that ever came to it, and back onto the sphere. One after the other: the
 * sum of one stays in the nearest cache, those of all would not.
 */
const learn = ({ centroids, counts }: State, batch: Float32Array, d: number, labels: Int32Array): void => {
  const { rows, starts } = byLabel(labels, counts.length);
  const sum = new Float64Array(d);
  for (let id = 0; id < counts.length; id++) {
    const [from, to] = [starts[id] as number, starts[id + 1] as number];
    if (from === to) continue;
    const centroid = centroids.subarray(id * d, (id + 1) * d);
    const count = counts[id] as number;
    for (let at = 0; at < d; at++) sum[at] = count * (centroid[at] as number);
    for (let at = from; at < to; at++) addRow(sum, 0, batch, rows[at] as number, d, 1);
    counts[id] = count + to - from;
    centroid.set(normalisedRows(sum, d, centroid));
  }
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
  const batch = new Float32Array(Math.min(n, batchSize) * d);
  let [smoothed, best, since] = [-1, -1, 0];
  for (let step = 1; step <= steps && since < patience; step++) {
    const rows = Int32Array.from({ length: Math.min(n, batchSize) }, () => Math.floor(random() * n));
    takeRows(vectors, d, rows, batch);
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
  await learnAll(vectors, d, { centroids, counts }, random, options);
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
