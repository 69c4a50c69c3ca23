import { UMAP } from "umap-js";
import { dotProducts } from "./dot-kernel.ts";
import { seededRandom } from "./random.ts";
import { cosineDistance } from "./vectors.ts";

/** Neighbours that keep a point's place, itself included; the default of UMAP. */
const neighbours = 15;
/** Rows between two turns of the event loop. */
const rowsPerTurn = 64;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

type Neighbours = { readonly indices: number[][]; readonly distances: number[][] };

const nearestOf = (similarities: Float32Array, own: number, count: number): number[] => {
  const others = [...similarities.keys()].filter((i) => i !== own);
  others.sort((a, b) => (similarities[b] ?? 0) - (similarities[a] ?? 0) || a - b);
  return [own, ...others.slice(0, count - 1)];
};

/** Exact: by our own kernel some thousand rows take a second, and the library's search is only near it. */
const findNeighbours = async (
  vectors: Float32Array,
  d: number,
  count: number,
  signal: AbortSignal,
): Promise<Neighbours> => {
  const [indices, distances]: [number[][], number[][]] = [[], []];
  for (let from = 0; from * d < vectors.length; from += rowsPerTurn) {
    signal.throwIfAborted();
    dotProducts(vectors.subarray(from * d, (from + rowsPerTurn) * d), vectors, d, (row, similarities) => {
      const nearest = nearestOf(similarities, from + row, count);
      indices.push(nearest);
      distances.push(nearest.map((i) => (i === from + row ? 0 : cosineDistance(similarities[i] ?? 0))));
    });
    await turn();
  }
  return { indices, distances };
};

/** Moved and scaled alike in both directions, so that all lie in [−1, 1]. */
const fitted = (points: readonly (readonly number[])[]): Float32Array => {
  const range = (axis: number): readonly [number, number] => {
    const values = points.map((point) => point[axis] ?? 0);
    const [least, most] = values.reduce(
      ([a, b], value) => [Math.min(a, value), Math.max(b, value)],
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    );
    return [(least + most) / 2, (most - least) / 2];
  };
  const [[x, width], [y, height]] = [range(0), range(1)];
  const scale = Math.max(width, height) || 1;
  return Float32Array.from(points.flatMap(([a = 0, b = 0]) => [(a - x) / scale, (b - y) / scale]));
};

/**
 * A map `[n, 2]` in [−1, 1] of unit vectors `[n, d]` that puts near what is near (UMAP, McInnes et al. 2018): its axes
 * and the distances of far groups mean nothing. The same vectors and seed give the same map. Takes seconds for thousands
 * of vectors; an aborted signal ends it soon.
 */
export const mapPoints = async (
  vectors: Float32Array,
  d: number,
  { seed, signal }: { readonly seed: number; readonly signal: AbortSignal },
): Promise<Float32Array> => {
  const n = vectors.length / d;
  // A graph of so few has no structure to keep.
  if (n < 5) return fitted(Array.from({ length: n }, (_, i) => [i, 0]));
  const count = Math.min(neighbours, n - 1);
  const { indices, distances } = await findNeighbours(vectors, d, count, signal);
  const umap = new UMAP({ nComponents: 2, nNeighbors: count, minDist: 0.1, random: seededRandom(seed) });
  umap.setPrecomputedKNN(indices, distances);
  const epochs = umap.initializeFit(indices);
  for (let epoch = 0; epoch < epochs; epoch++) {
    signal.throwIfAborted();
    umap.step();
    await turn();
  }
  return fitted(umap.getEmbedding());
};
