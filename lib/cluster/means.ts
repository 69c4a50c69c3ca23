import { turn } from "./products.ts";
import { normalisedRows } from "./vectors.ts";

/** Rows added between two turns of the event loop: some 3 ms at 384 dimensions. */
const rowsPerTurn = 2_048;

/** Adds `sign` times row `row` of `vectors` to row `id` of `sums`. */
export const addRow = (
  sums: Float64Array,
  id: number,
  vectors: Float32Array,
  row: number,
  d: number,
  sign: 1 | -1,
): void => {
  for (let at = row * d, to = id * d, end = at + d; at < end; at++, to++)
    sums[to] = (sums[to] as number) + sign * (vectors[at] as number);
};

/**
 * Sums of the members of `k` clusters, kept while labels change: a pass costs as many additions as labels changed, not
 * as there are vectors. In double precision the sums of float32 do not drift.
 */
export const runningMeans = (vectors: Float32Array, d: number, k: number) => {
  const n = vectors.length / d;
  const sums = new Float64Array(k * d);
  const before = new Int32Array(n).fill(-1);
  const move = (row: number, from: number, to: number): void => {
    if (from >= 0) addRow(sums, from, vectors, row, d, -1);
    if (to >= 0) addRow(sums, to, vectors, row, d, 1);
    before[row] = to;
  };
  return {
    /** Normalised means `[k, d]` of the members of each label; `fallback`'s row where they have no direction. */
    follow: async (labels: Int32Array, fallback: Float32Array): Promise<Float32Array> => {
      let added = 0;
      for (let row = 0; row < n; row++) {
        const [from, to] = [before[row] as number, labels[row] as number];
        if (from === to) continue;
        move(row, from, to);
        if (++added % rowsPerTurn === 0) await turn();
      }
      return normalisedRows(sums, d, fallback);
    },
  };
};

export const meanSimilarity = (similarities: Float32Array): number => {
  let sum = 0;
  for (let row = 0; row < similarities.length; row++) sum += similarities[row] as number;
  return sum / similarities.length;
};
