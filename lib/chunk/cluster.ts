import { kmeans } from "../cluster/kmeans.ts";
import { cosineDistance, dotRows, normalisedRows } from "../cluster/vectors.ts";
import type { VectorChunker } from "./chunker.ts";
import { packRuns, planRuns } from "./runs.ts";

/** Fixed, so that the same document is always cut alike. */
const seed = 1;
/** What a change of cluster costs, in sentences that lie in their second nearest: a stray one sways its neighbours. */
const strays = 4;
/** Of each neighbour in a sentence's vector: short sentences by themselves fall into clusters of any kind. */
const neighbourShare = 0.5;

const withNeighbours = (vectors: Float32Array, d: number): Float32Array =>
  normalisedRows(
    Float64Array.from(
      vectors,
      (own, at) => own + neighbourShare * ((vectors[at - d] ?? 0) + (vectors[at + d] ?? 0)),
    ),
    d,
    vectors,
  );

/** Distances of each row to each centroid, `[n, k]`. */
const distancesOf = (vectors: Float32Array, d: number, centroids: Float32Array): Float64Array => {
  const k = centroids.length / d;
  return Float64Array.from({ length: (vectors.length / d) * k }, (_, at) =>
    cosineDistance(dotRows(vectors, Math.floor(at / k), centroids, at % k, d)),
  );
};

const meanGap = (distances: Float64Array, k: number): number => {
  let sum = 0;
  for (let from = 0; from < distances.length; from += k) {
    const [first = 0, second = first] = distances.subarray(from, from + k).toSorted();
    sum += second - first;
  }
  return (sum * k) / distances.length;
};

const leastOf = (costs: Float64Array): number => {
  let least = 0;
  for (const [id, cost] of costs.entries()) if (cost < (costs[least] ?? 0)) least = id;
  return least;
};

/** The clusters in reading order with the least sum of distances and changes (Viterbi 1967). */
const smoothLabels = (distances: Float64Array, k: number): Int32Array => {
  const n = distances.length / k;
  const change = strays * meanGap(distances, k);
  /** By row and cluster: the cluster of the row before on the cheapest way there. */
  const from = new Int32Array(n * k);
  const costs = distances.slice(0, k);
  for (let row = 1; row < n; row++) {
    const least = leastOf(costs);
    const changed = (costs[least] as number) + change;
    for (const [id, stayed] of costs.entries()) {
      from[row * k + id] = stayed <= changed ? id : least;
      costs[id] = Math.min(stayed, changed) + (distances[row * k + id] as number);
    }
  }
  const labels = new Int32Array(n);
  let id = leastOf(costs);
  for (let row = n - 1; row >= 0; row--) {
    labels[row] = id;
    id = from[row * k + id] as number;
  }
  return labels;
};

const labelsOf = async (vectors: Float32Array, n: number): Promise<Int32Array> => {
  if (n === 0) return new Int32Array(0);
  const d = vectors.length / n;
  const inContext = withNeighbours(vectors, d);
  const { centroids, k } = await kmeans.fit(inContext, d, { k: "auto", seed });
  return smoothLabels(distancesOf(inContext, d, centroids), k);
};

/**
 * Clusters the sentences of the whole document and breaks where the cluster changes in reading order, a stray sentence
 * aside. Between breaks it is like `recursive`; pages and headings are never mixed.
 */
export const clusterChunker: VectorChunker = {
  version: 1,
  texts: (blocks) => planRuns(blocks).texts,
  chunk: async (blocks, options, vectors) => {
    const plan = planRuns(blocks);
    const labels = await labelsOf(vectors, plan.texts.length);
    return packRuns(plan, options, (runs) =>
      [...runs.keys()].filter(
        (at) => at > 0 && labels[runs[at]?.row ?? 0] !== labels[runs[at - 1]?.row ?? 0],
      ),
    );
  },
};
