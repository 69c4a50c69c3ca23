import type { Clustering, FitOptions } from "./cluster-model.ts";
import { dotProducts } from "./dot-kernel.ts";
import { sampleIndices, seededRandom } from "./random.ts";
import { cosineDistance, takeRows } from "./vectors.ts";

/** Numbers of clusters that `auto` tries: steps of a quarter at most, as finer ones differ by less than chance. */
const ladder = [
  ...[2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224],
  256,
];
/** Vectors that `auto` looks at, half to fit and half to judge. */
const looked = 4_000;
/** Below so many, halves are too small to tell anything: all are fitted and judged, as the ks are bounded anyway. */
const leastToHalve = 500;

/**
 * The ks worth trying for `n` vectors: from half of √n to one and a half √n, 256 at most, so that a cluster has two
 * thirds of √n to 2 √n members on average. Fewer clusters often score better, but only because texts of several
 * languages fall into languages before they fall into subjects.
 */
export const candidateKs = (n: number, steps: readonly number[] = ladder): readonly number[] => {
  const most = Math.min(256, 1.5 * Math.sqrt(n));
  return steps.filter((k) => k <= most && k >= most / 3);
};

/** Whether `k` clusters of before are still a number that `auto` would think of for `n` vectors: then they stay. */
const stillFits = (n: number, k: number): boolean => candidateKs(n, [k]).length > 0;

/** (b − a) / b, where a and b are the distances to the nearest and second nearest centroid. */
const silhouetteOf = (similarities: Float32Array): number => {
  let first = -1;
  let second = -1;
  for (const similarity of similarities) {
    second = Math.max(second, Math.min(first, similarity));
    first = Math.max(first, similarity);
  }
  const [a, b] = [cosineDistance(first), cosineDistance(second)];
  return b === 0 ? 0 : (b - a) / b;
};

/**
 * Mean simplified silhouette (Hruschka et al. 2004) of vectors `[n, d]`; 0 for one cluster. Of vectors that the fit has
 * not seen it does not reward splitting hairs.
 */
export const silhouette = (vectors: Float32Array, d: number, { centroids, k }: Clustering): number => {
  if (k < 2 || vectors.length === 0) return 0;
  let sum = 0;
  dotProducts(vectors, centroids, d, (_, similarities) => {
    sum += silhouetteOf(similarities);
  });
  return sum / (vectors.length / d);
};

/**
 * `k: auto`: on at most 4,000 vectors drawn by the seed, fits each candidate k on one half and takes the one with the best
 * simplified silhouette on the other half (below 500 vectors, on all of them); of equals the smaller. Its work is bounded by those 4,000 vectors whatever
 * `n` is; its answer is the same for the same vectors and seed.
 */
export const chooseK = async (
  vectors: Float32Array,
  d: number,
  seed: number,
  fitPart: (part: Float32Array, k: number) => Promise<Clustering>,
): Promise<number> => {
  const n = vectors.length / d;
  const drawn = sampleIndices(n, looked, seededRandom(seed));
  const half = Math.ceil(drawn.length / 2);
  const halved = n >= leastToHalve;
  const part = takeRows(vectors, d, halved ? drawn.subarray(0, half) : drawn);
  const held = halved ? takeRows(vectors, d, drawn.subarray(half)) : part;
  let best = { k: 1, score: 0 };
  for (const k of candidateKs(n)) {
    const score = silhouette(held, d, await fitPart(part, k));
    if (score > best.score) best = { k, score };
  }
  return best.k;
};

/** Fits `k` clusters. */
type FitK = (vectors: Float32Array, d: number, k: number, options: FitOptions) => Promise<Clustering>;

/** The number of clusters that the options ask for, at most one a vector; parts are fitted afresh and without progress. */
export const numberOfClusters = async (
  vectors: Float32Array,
  d: number,
  { onPass: _silent, start, ...afresh }: FitOptions,
  fitK: FitK,
): Promise<number> => {
  const n = vectors.length / d;
  if (afresh.k !== "auto") return Math.min(afresh.k, n);
  if (start !== undefined && stillFits(n, start.length / d)) return start.length / d;
  return chooseK(vectors, d, afresh.seed, (part, k) => fitK(part, d, k, afresh));
};
