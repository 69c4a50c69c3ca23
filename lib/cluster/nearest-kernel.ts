import { shortScale } from "./panel-code.ts";
import { padded, roomFor, stagedRows } from "./panels.ts";

/** How far a product of shorts can be below the largest one when that of the floats is the largest. */
const marginOf = (d: number): number => {
  // A short is at most half a unit off, and the absolute values of a unit vector sum up to at most √d.
  const error = shortScale * Math.sqrt(d) + d / 4;
  return 2.1 * error;
};

/** The largest and the second largest of `values` from `start` to `end`, and where the largest is. */
const largestTwo = (values: Int32Array, start: number, end: number) => {
  let [first, second, at] = [values[start] as number, Number.NEGATIVE_INFINITY, start];
  for (let i = start + 1; i < end; i++) {
    const value = values[i] as number;
    if (value <= second) continue;
    if (value > first) [second, first, at] = [first, value, i];
    else second = value;
  }
  return { first, second, at };
};

/**
 * For each row of unit vectors `a` `[m, d]` in order: the row of unit vectors `b` `[n, d]` with the largest dot product, of
 * equals the lowest, and that product. The same as by `dotProducts`, in two thirds of the time: rows are compared as 16-bit
 * integers first, and then as floats those that can be the nearest. `visit` must not come back here.
 */
export const nearestRows = (
  a: Float32Array,
  b: Float32Array,
  d: number,
  visit: (row: number, nearest: number, dot: number) => void,
): void => {
  const [m, n] = [a.length / d, b.length / d];
  if (m === 0 || n === 0) return;
  const ofB = padded(n);
  const { integers, end, place, shortDots, dot } = roomFor(d, ofB + stagedRows, 2 * ofB, true);
  const margin = marginOf(d);
  /** The nearest to row `x` by its products from `out` on. */
  const choose = (row: number, x: number, out: number): void => {
    const { first, second, at } = largestTwo(integers, out, out + n);
    const [start, stop] = second < first - margin ? [at, at + 1] : [out, out + n];
    let [best, most] = [-1, Number.NEGATIVE_INFINITY];
    for (let i = start; i < stop; i++) {
      if ((integers[i] as number) < first - margin) continue;
      const one = dot(x, i - out);
      if (one > most) [best, most] = [i - out, one];
    }
    visit(row, best, most);
  };
  place(b, 0);
  for (let from = 0; from < m; from += stagedRows) {
    const count = Math.min(stagedRows, m - from);
    place(a.subarray(from * d, (from + count) * d), ofB);
    for (let row = 0; row < count; row += 2) {
      shortDots(ofB + row, ofB + row + 1, 0, ofB, end, end + ofB);
      choose(from + row, ofB + row, end);
      if (row + 1 < count) choose(from + row + 1, ofB + row + 1, end + ofB);
    }
  }
};
