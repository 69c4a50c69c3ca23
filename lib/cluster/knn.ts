import { type Sweep, sweepPairs, type Tile } from "./products.ts";

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

/** Puts the pairs of a tile into the lists of both rows; `least`: the product that a row's last has. */
const listPairs = (
  found: Neighbours,
  least: Float64Array,
  { from, to, fromB, toB, products }: Tile,
): void => {
  const { count, distances } = found;
  const list = (row: number, other: number, dot: number): void => {
    insert(found, row * count, other, euclidean(dot));
    const last = distances[row * count + count - 1] as number;
    if (last < Number.POSITIVE_INFINITY) least[row] = 1 - (last * last) / 2;
  };
  const columns = toB - fromB;
  for (let row = from; row < to; row++) {
    const start = (row - from) * columns - fromB;
    for (let other = Math.max(fromB, row + 1); other < toB; other++) {
      // Compared as products: a root for each of the pairs would take longer than the products.
      const dot = products[start + other] as number;
      if (dot > (least[row] as number)) list(row, other, dot);
      if (dot > (least[other] as number)) list(other, row, dot);
    }
  }
};

/** Exact: all pairs are looked at, each once, in tiles; memory grows with `n × count`. */
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
  const least = new Float64Array(n).fill(Number.NEGATIVE_INFINITY);
  await sweepPairs(vectors, how, (tile) => listPairs(found, least, tile));
  return found;
};
