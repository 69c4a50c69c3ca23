import { panelRows } from "./panel-code.ts";
import { padded, roomFor, stagedRows } from "./panels.ts";

type Visit = (row: number, dots: Float32Array) => void;

/**
 * Rows `a` `[m, d]` and `b` `[n, d]` for products of some of them: for each of `rows` of `a` in order, its dot products
 * with the rows `from` to `to` of `b`, until the next call of anything here. What `visit` gets is valid until it returns.
 */
export const chosenProducts = (a: Float32Array, b: Float32Array, d: number) => {
  const ofB = padded(b.length / d);
  // Rows that are compared with each other are there once.
  const ofA = a === b ? 0 : ofB;
  const { numbers, end, place, dots } = roomFor(d, ofA + padded(a.length / d), 2 * ofB);
  place(b, 0);
  if (a !== b) place(a, ofA);
  return (
    rows: ArrayLike<number>,
    { from, to }: { readonly from: number; readonly to: number },
    visit: Visit,
  ): void => {
    const [start, stop] = [from - (from % panelRows), padded(to)];
    const [out, outY] = [end + from - start, end + ofB + from - start];
    const [found, foundY] = [
      numbers.subarray(out, out + to - from),
      numbers.subarray(outY, outY + to - from),
    ];
    for (let index = 0; index < rows.length; index += 2) {
      const [x, y] = [rows[index] as number, rows[index + 1]];
      dots(ofA + x, ofA + (y ?? x), start, stop, end, end + ofB);
      visit(x, found);
      if (y !== undefined) visit(y, foundY);
    }
  };
};

/**
 * For each row of `a` `[m, d]` in order: its dot products with all rows of `b` `[n, d]`, as float32 `[n]`. What `visit`
 * gets is valid until it returns, and `visit` must not come back here.
 */
export const dotProducts = (a: Float32Array, b: Float32Array, d: number, visit: Visit): void => {
  const [m, n] = [a.length / d, b.length / d];
  if (m === 0 || n === 0) return;
  const ofB = padded(n);
  const { numbers, end, place, dots } = roomFor(d, ofB + stagedRows, 2 * ofB);
  const [found, foundY] = [numbers.subarray(end, end + n), numbers.subarray(end + ofB, end + ofB + n)];
  place(b, 0);
  for (let from = 0; from < m; from += stagedRows) {
    const count = Math.min(stagedRows, m - from);
    place(a.subarray(from * d, (from + count) * d), ofB);
    for (let row = 0; row < count; row += 2) {
      dots(ofB + row, ofB + row + 1, 0, ofB, end, end + ofB);
      visit(from + row, found);
      if (row + 1 < count) visit(from + row + 1, foundY);
    }
  }
};

/**
 * Dot products `[n, n]` of all pairs of `n` rows `[d]`, and `[n]` of each with `one` `[d]`. Each pair is computed once, as a·b
 * and b·a are the same sums: half the work of `dotProducts` of the rows with themselves, and the same numbers.
 */
export const pairProducts = (
  rows: readonly Float32Array[],
  one: Float32Array,
): { readonly pairs: Float32Array; readonly withOne: Float32Array } => {
  const n = rows.length;
  const width = padded(n + 1);
  const { numbers, end, placeEach, dots } = roomFor(one.length, width, width * width);
  placeEach([...rows, one], 0);
  for (let row = 0; row <= n; row += 2)
    dots(row, row + 1, 0, padded(Math.min(n, row + 2)), end + row * width, end + (row + 1) * width);
  const pairs = new Float32Array(n * n);
  for (let row = 0, from = end, at = 0; row < n; row++, from += width, at += n)
    for (let other = 0, across = row; other <= row; other++, across += n) {
      const dot = numbers[from + other] as number;
      pairs[at + other] = dot;
      pairs[across] = dot;
    }
  return { pairs, withOne: numbers.slice(end + n * width, end + n * width + n) };
};
