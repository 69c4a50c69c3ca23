import {
  add,
  type Code,
  constant,
  get,
  lazyKernel,
  lessThan,
  load,
  repeat,
  set,
  simd,
  store,
  times,
  unsigned,
  zeros,
} from "../wasm-code.ts";

/** Rows lie side by side in panels of four, in turns of 16 bytes: then few pointers and fixed offsets reach all of them. */
const panelRows = 4;
const turnBytes = 16 * panelRows;
/** Turns between two looks at the end of a panel. */
const unrolled = 4;

const addVectors = (a: Code, b: Code): Code => simd(0xe4, a, b);
const multiplyVectors = (a: Code, b: Code): Code => simd(0xe6, a, b);
const lane = (vector: Code, index: number): Code => [simd(0x1f, vector), index];
const addFloats = (a: Code, b: Code): Code => [a, b, 0x92];
const sumLanes = (vector: Code): Code =>
  addFloats(addFloats(lane(vector, 0), lane(vector, 1)), addFloats(lane(vector, 2), lane(vector, 3)));
const storeFloat = (address: Code, offset: number, value: Code): Code => [
  address,
  value,
  0x38,
  2,
  ...unsigned(offset),
];
const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);
const advance = (local: number, by: number): Code => set(local, add(get(local), constant(by)));

/** `pack(rows, bytes, panel)`: four rows, `bytes` apart, to a panel. `bytes` is a multiple of 16. */
const packCode = (): Code => {
  const [rows, bytes, panel, end, row] = [0, 1, 2, 3, 4] as const;
  const copyTurn = upTo(panelRows).map((i) => [
    store(get(panel), 16 * i, load(get(row))),
    set(row, add(get(row), get(bytes))),
  ]);
  return [
    set(end, add(get(rows), get(bytes))),
    repeat(
      [set(row, get(rows)), copyTurn, advance(panel, turnBytes), advance(rows, 16)],
      lessThan(get(rows), get(end)),
    ),
  ];
};

/**
 * `dots(x, y, panel, end, bytes, out, outY)`: the products of the rows of panels at `x` and `y` with each of the rows of the
 * panels from `panel` to `end` go to `out` and `outY` as float32. A row has `bytes`, a multiple of 64. Two rows at once, as
 * one addition must wait for the one before it: eight sums side by side keep the processor busy, four do not.
 */
const dotsCode = (): Code => {
  const [x, y, panel, end, bytes, out, outY, atX, atY, panelEnd] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
  const [sums, sumsY] = [[10, 11, 12, 13] as const, [14, 15, 16, 17] as const];
  const [value, valueY, row] = [18, 19, 20] as const;
  const accumulate = (sum: number, of: number): Code =>
    set(sum, addVectors(get(sum), multiplyVectors(get(of), get(row))));
  const turn = (offset: number): Code => [
    set(value, load(get(atX), offset)),
    set(valueY, load(get(atY), offset)),
    sums.map((sum, i) => [
      set(row, load(get(panel), offset + 16 * i)),
      accumulate(sum, value),
      accumulate(sumsY[i] ?? 0, valueY),
    ]),
  ];
  const finish = (to: number, of: readonly number[]): Code => [
    of.map((sum, i) => storeFloat(get(to), 4 * i, sumLanes(get(sum)))),
    advance(to, 4 * panelRows),
  ];
  const turns = [
    upTo(unrolled).map((i) => turn(turnBytes * i)),
    [atX, atY, panel].map((pointer) => advance(pointer, turnBytes * unrolled)),
  ];
  const onePanel = [
    [...sums, ...sumsY].map((sum) => set(sum, zeros)),
    set(atX, get(x)),
    set(atY, get(y)),
    set(panelEnd, add(get(panel), times(panelRows, get(bytes)))),
    repeat(turns, lessThan(get(panel), get(panelEnd))),
    finish(out, sums),
    finish(outY, sumsY),
  ];
  return repeat(onePanel, lessThan(get(panel), get(end)));
};

/** Its arithmetic is IEEE 754 single precision in a fixed order, so every machine gives the same products. */
const kernelWith = lazyKernel(
  { name: "pack", parameters: 3, integers: 2, vectors: 0, body: packCode() },
  { name: "dots", parameters: 7, integers: 3, vectors: 11, body: dotsCode() },
);

/** Rows that are copied to the kernel's memory at once, before they are packed. */
const stagedRows = 64;
const padded = (n: number, to: number): number => to * Math.ceil(n / to);

/** Room in the kernel's memory for panels of rows of `d`, and for products; valid until the next call. */
const roomFor = (d: number, rows: number, more: number) => {
  const stride = padded(d, 4 * unrolled);
  const staged = stagedRows * stride;
  const { memory, pack, dots } = kernelWith(4 * (staged + rows * stride + more));
  const floats = new Float32Array(memory.buffer);
  const stage = (rows: Float32Array): void => {
    if (d !== stride) floats.fill(0, 0, staged);
    if (d === stride) floats.set(rows);
    else
      for (let row = 0; row * d < rows.length; row++)
        floats.set(rows.subarray(row * d, (row + 1) * d), row * stride);
  };
  return {
    floats,
    /** Where the panel of row 0 is: rows go to multiples of four. */
    first: staged,
    end: staged + rows * stride,
    /** Rows `[n, d]` to panels, the first as row `to`; what is missing to a whole panel is left as it is. */
    place: (rows: Float32Array, to: number): void => {
      for (let from = 0; from * d < rows.length; from += stagedRows) {
        const part = rows.subarray(from * d, (from + stagedRows) * d);
        stage(part);
        for (let row = 0; row * d < part.length; row += panelRows)
          pack(4 * row * stride, 4 * stride, 4 * (staged + (to + from + row) * stride));
      }
    },
    /** Products of rows `x` and `y` with the rows from `from` to `to`, multiples of four, to floats `out` and `outY` on. */
    dots: (x: number, y: number, from: number, to: number, out: number, outY: number): void => {
      const addressOf = (row: number): number => {
        const inPanel = row % panelRows;
        return 4 * (staged + (row - inPanel) * stride) + 16 * inPanel;
      };
      dots(addressOf(x), addressOf(y), addressOf(from), addressOf(to), 4 * stride, 4 * out, 4 * outY);
    },
  };
};

type Visit = (row: number, dots: Float32Array) => void;

/**
 * Rows `a` `[m, d]` and `b` `[n, d]` for products of some of them: for each of `rows` of `a` in order, its dot products
 * with the rows `from` to `to` of `b`, until the next call of anything here. What `visit` gets is valid until it returns.
 */
export const chosenProducts = (a: Float32Array, b: Float32Array, d: number) => {
  const ofB = padded(b.length / d, panelRows);
  const { floats, end, place, dots } = roomFor(d, ofB + padded(a.length / d, panelRows), 2 * ofB);
  place(b, 0);
  place(a, ofB);
  return (
    rows: ArrayLike<number>,
    { from, to }: { readonly from: number; readonly to: number },
    visit: Visit,
  ): void => {
    const [start, stop] = [from - (from % panelRows), padded(to, panelRows)];
    const [out, outY] = [end + from - start, end + ofB + from - start];
    const [found, foundY] = [floats.subarray(out, out + to - from), floats.subarray(outY, outY + to - from)];
    for (let index = 0; index < rows.length; index += 2) {
      const [x, y] = [rows[index] as number, rows[index + 1]];
      dots(ofB + x, ofB + (y ?? x), start, stop, end, end + ofB);
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
  const ofB = padded(n, panelRows);
  const { floats, end, place, dots } = roomFor(d, ofB + stagedRows, 2 * ofB);
  const [found, foundY] = [floats.subarray(end, end + n), floats.subarray(end + ofB, end + ofB + n)];
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
 * Dot products of all pairs of rows of `a` `[n, d]`, as `[n, n]`. Each pair is computed once, as a·b and b·a are the same
 * sums: half the work of `dotProducts` of `a` with itself, and the same numbers.
 */
export const pairProducts = (a: Float32Array, d: number): Float32Array => {
  const n = a.length / d;
  const pairs = new Float32Array(n * n);
  if (n === 0) return pairs;
  const width = padded(n, panelRows);
  const { floats, end, place, dots } = roomFor(d, width, width * width);
  place(a, 0);
  for (let row = 0; row < n; row += 2)
    dots(
      row,
      row + 1,
      0,
      padded(Math.min(n, row + 2), panelRows),
      end + row * width,
      end + (row + 1) * width,
    );
  for (let row = 0, from = end, at = 0; row < n; row++, from += width, at += n)
    for (let other = 0, across = row; other <= row; other++, across += n) {
      const dot = floats[from + other] as number;
      pairs[at + other] = dot;
      pairs[across] = dot;
    }
  return pairs;
};
