import type { Products } from "./products.ts";

export type HdbscanOptions = {
  /** Smallest group that is a cluster, at least 2; left out, it grows with the root of the number of vectors. */
  readonly minClusterSize?: number;
  /** A vector's density is measured by the distance to so many others; left out, as many as `minClusterSize`. */
  readonly minSamples?: number;
  /** `eom`: the clusters that hold the most excess of mass; `leaf`: the smallest ones. */
  readonly selection?: "eom" | "leaf";
};

export type FitOptions = {
  /** Clusters to make; at most as many come out as there are different vectors. */
  readonly k: "auto" | number;
  /** The same vectors, options and seed give the same clusters. */
  readonly seed: number;
  /**
   * `[m, d]`, the centroids of an earlier fit that this one goes on from, so that clusters which are still there stay the
   * same ones; `auto` then keeps their number while it suits as many vectors. HDBSCAN, which has no seeds, does not use it.
   */
  readonly start?: Float32Array;
  readonly signal?: AbortSignal;
  /** After each pass over the vectors: the mean similarity of a vector to its centroid never falls. */
  readonly onPass?: (pass: {
    readonly pass: number;
    readonly k: number;
    readonly meanSimilarity: number;
  }) => void;
  /** For HDBSCAN, which has no passes: the share of the work that is done, 0 to 1, never less than before. */
  readonly onProgress?: (share: number) => void;
  /** Passes after which k-means ends anyway: 30 unless told; text embeddings settle in 10 to 20. */
  readonly maxPasses?: number;
  /** For HDBSCAN, which uses neither `k` nor `seed`. */
  readonly hdbscan?: HdbscanOptions;
  /** What multiplies matrices; without it the WebAssembly kernel does. */
  readonly products?: Products;
};

export type Clustering = {
  /** Number of clusters; ids are 0 to k − 1, the largest cluster first, none is empty. */
  readonly k: number;
  /** `[k, d]`, unit length. */
  readonly centroids: Float32Array;
  /** `[n]`; −1 is noise. */
  readonly labels: Int32Array;
  /** `[n]`, 1 − cosine to the centroid of the label; 0 for noise. */
  readonly distances: Float32Array;
  /**
   * `[k]`: a vector farther from a centroid than its radius (1 − cosine) does not belong to the cluster. Absent: there is
   * no noise, each vector belongs to its nearest centroid.
   */
  readonly radii?: Float32Array;
  /** `[n]`, 0 to 1: how far each vector lies outside (GLOSH); only HDBSCAN tells. */
  readonly outlierScores?: Float32Array;
};

/**
 * Port: vectors `[n, d]` row-major, of unit length → clusters.
 *
 * No vectors give no clusters. Deterministic. An aborted `signal` rejects with its reason, soon; the event loop is
 * never held for long where `n` is large. A `k` below 1 or vectors that are not whole rows throw RangeError.
 */
export type ClusterModel = {
  fit(vectors: Float32Array, d: number, options: FitOptions): Promise<Clustering>;
};

/** @throws RangeError when the input cannot be clustered at all. */
export const checkInput = (vectors: Float32Array, d: number, k: "auto" | number): number => {
  if (!Number.isInteger(d) || d < 1 || vectors.length % d !== 0)
    throw new RangeError(`${vectors.length} numbers are not whole rows of ${d}`);
  if (k !== "auto" && (!Number.isInteger(k) || k < 1)) throw new RangeError(`k must be at least 1, not ${k}`);
  return vectors.length / d;
};
