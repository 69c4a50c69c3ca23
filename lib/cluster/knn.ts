import { type Sweep, sweep } from "./products.ts";

/** The nearest others of each of `n` rows, nearest first; of equals the lower row. */
export type Neighbours = {
  readonly count: number;
  /** `[n, count]` */
  readonly rows: Int32Array;
  /** `[n, count]`, Euclidean */
  readonly distances: Float64Array;
};

/** Euclidean distance of unit vectors by their dot product. */
export const euclidean = (dot: number): number => Math.sqrt(Math.max(0, 2 - 2 * dot));

/** Puts `row` into the sorted list `[from, from + count)` if it is nearer than its last. */
const insert = (found: Neighbours, from: number, row: number, distance: number): void => {
  const { rows, distances, count } = found;
  let at = from + count - 1;
  while (at > from && (distances[at - 1] as number) > distance) {
    distances[at] = distances[at - 1] as number;
    rows[at] = rows[at - 1] as number;
    at--;
  }
  distances[at] = distance;
  rows[at] = row;
};

/** Fills the list of `row` by its products with all rows. */
const listNearest = (found: Neighbours, row: number, dots: Float32Array): void => {
  const from = row * found.count;
  // Compared as products: a root for each of n² pairs would take longer than the products.
  let least = Number.NEGATIVE_INFINITY;
  for (let other = 0; other < dots.length; other++) {
    const dot = dots[other] as number;
    if (dot <= least || other === row) continue;
    insert(found, from, other, euclidean(dot));
    const last = found.distances[from + found.count - 1] as number;
    least = last === Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : 1 - (last * last) / 2;
  }
};

/** Exact: all pairs are looked at, in blocks; memory grows with `n × count`. */
export const nearestNeighbours = async (
  vectors: Float32Array,
  count: number,
  how: Sweep,
): Promise<Neighbours> => {
  const n = vectors.length / how.d;
  const found: Neighbours = {
    count,
    rows: new Int32Array(n * count).fill(-1),
    distances: new Float64Array(n * count).fill(Number.POSITIVE_INFINITY),
  };
  await sweep(vectors, vectors, how, (first, block) => {
    for (let start = 0, row = first; start < block.length; start += n, row++)
      listNearest(found, row, block.subarray(start, start + n));
  });
  return found;
};
