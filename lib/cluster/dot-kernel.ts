/**
 * The inner loop of clustering as a WebAssembly function of 128-bit SIMD, written down in its opcodes: V8 does not
 * vectorise JavaScript, and this is five to six times as fast. Binary format: https://webassembly.github.io/spec/core/binary/
 * Its arithmetic is IEEE 754 single precision in a fixed order, so every machine gives the same products.
 */

type Code = readonly (number | Code)[];

const flat = (code: Code): number[] =>
  code.flatMap((part) => (typeof part === "number" ? [part] : flat(part)));
const unsigned = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
const signed = (value: number): number[] =>
  value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)];
const list = (...items: readonly Code[]): Code => [...unsigned(items.length), ...items];
const sized = (...code: Code): Code => [...unsigned(flat(code).length), ...code];
const text = (name: string): Code => list(...[...name].map((letter) => [letter.charCodeAt(0)]));

const [i32, v128] = [0x7f, 0x7b];
const get = (local: number): Code => [0x20, local];
const set = (local: number, ...value: Code): Code => [...value, 0x21, local];
const constant = (value: number): Code => [0x41, ...signed(value)];
const add = (a: Code, b: Code): Code => [a, b, 0x6a];
const times4 = (a: Code): Code => [a, constant(2), 0x74];
const loop = (...body: Code): Code => [0x03, 0x40, ...body, 0x0b];
const repeatIf = (condition: Code): Code => [condition, 0x0d, 0];
const lessThan = (a: Code, b: Code): Code => [a, b, 0x49];
const simd = (opcode: number): Code => [0xfd, ...unsigned(opcode)];
const load = (address: Code): Code => [address, simd(0x00), 4, 0];
const zeros: Code = [simd(0x0c), ...new Array<number>(16).fill(0)];
const addVectors = (a: Code, b: Code): Code => [a, b, simd(0xe4)];
const multiplyVectors = (a: Code, b: Code): Code => [a, b, simd(0xe6)];
const lane = (vector: Code, index: number): Code => [vector, simd(0x1f), index];
const addFloats = (a: Code, b: Code): Code => [a, b, 0x92];
const sumLanes = (vector: Code): Code =>
  addFloats(addFloats(lane(vector, 0), lane(vector, 1)), addFloats(lane(vector, 2), lane(vector, 3)));
const storeFloat = (address: Code, offset: number, value: Code): Code => [address, value, 0x38, 2, offset];

/**
 * `dots(x, y, rows, end, bytes, out, outY)`: addresses in bytes; the products of the vectors at `x` and `y` with each of
 * the rows from `rows` to `end`, `bytes` apart, go to `out` and `outY` as float32. `bytes` is a multiple of 16, the number
 * of rows one of 4. Two vectors at once, as one addition must wait for the one before it: eight sums side by side keep
 * the processor busy, four do not.
 */
const dotsCode = (): Code => {
  const [x, y, rows, end, bytes, out, outY, at, p] = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;
  const [sums, sumsY] = [[9, 10, 11, 12] as const, [13, 14, 15, 16] as const];
  const [value, valueY, row] = [17, 18, 19] as const;
  const accumulate = (sum: number, of: number): Code =>
    set(sum, ...addVectors(get(sum), multiplyVectors(get(of), get(row))));
  const everyRow = sums.map((sum, i) => [
    i === 0 ? set(p, ...add(get(rows), get(at))) : set(p, ...add(get(p), get(bytes))),
    set(row, ...load(get(p))),
    accumulate(sum, value),
    accumulate(sumsY[i] ?? 0, valueY),
  ]);
  const store = (to: number, of: readonly number[]): Code =>
    of.map((sum, i) => storeFloat(get(to), 4 * i, sumLanes(get(sum))));
  return [
    list([2, i32], [11, v128]),
    loop(
      [...sums, ...sumsY].map((sum) => set(sum, ...zeros)),
      set(at, ...constant(0)),
      loop(
        set(value, ...load(add(get(x), get(at)))),
        set(valueY, ...load(add(get(y), get(at)))),
        everyRow,
        set(at, ...add(get(at), constant(16))),
        repeatIf(lessThan(get(at), get(bytes))),
      ),
      store(out, sums),
      store(outY, sumsY),
      set(out, ...add(get(out), constant(16))),
      set(outY, ...add(get(outY), constant(16))),
      set(rows, ...add(get(rows), times4(get(bytes)))),
      repeatIf(lessThan(get(rows), get(end))),
    ),
    0x0b,
  ];
};

const moduleBytes = (): Uint8Array =>
  Uint8Array.from(
    flat([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      [1, sized(list([0x60, list([i32], [i32], [i32], [i32], [i32], [i32], [i32]), list()]))],
      [3, sized(list([0]))],
      [5, sized(list([0, 1]))],
      [7, sized(list([text("memory"), 2, 0], [text("dots"), 0, 0]))],
      [10, sized(list(sized(dotsCode())))],
    ]),
  );

/** What of WebAssembly is used; neither `lib` ES2024 nor Node's types declare it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Kernel };
};

type Kernel = {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly dots: (
    x: number,
    y: number,
    rows: number,
    end: number,
    bytes: number,
    out: number,
    outY: number,
  ) => void;
};

let kernel: Kernel | null = null;

/** One instance a thread, as its memory reserves much address space; it grows to the largest matrix and stays. */
const kernelWith = (bytes: number): Kernel => {
  kernel ??= new WebAssembly.Instance(new WebAssembly.Module(moduleBytes())).exports;
  const missing = bytes - kernel.memory.buffer.byteLength;
  if (missing > 0) kernel.memory.grow(Math.ceil(missing / 65_536));
  return kernel;
};

/** Copies rows of `d` to rows of `stride` floats, the rest zeros. */
const copyRows = (from: Float32Array, d: number, to: Float32Array, stride: number): void => {
  if (d === stride) {
    to.set(from);
    return;
  }
  to.fill(0);
  for (let row = 0; row * d < from.length; row++) to.set(from.subarray(row * d, (row + 1) * d), row * stride);
};

/** Rows `[n, d]` in the kernel's memory, as `[padded, stride]` of its float32 from 0 on, and `free` numbers behind them. */
const placed = (rows: Float32Array, d: number, free: (stride: number, padded: number) => number) => {
  const n = rows.length / d;
  const [stride, padded] = [4 * Math.ceil(d / 4), 4 * Math.ceil(n / 4)];
  const matrix = padded * stride;
  const more = free(stride, padded);
  const { memory, dots } = kernelWith(4 * (matrix + more));
  const floats = new Float32Array(memory.buffer);
  copyRows(rows, d, floats.subarray(0, n * stride), stride);
  floats.fill(0, n * stride, matrix + more);
  return { n, stride, padded, matrix, floats, dots };
};

/**
 * For each row of `a` `[m, d]` in order: its dot products with all rows of `b` `[n, d]`, as float32 `[n]`. What `visit`
 * gets is valid until it returns, and `visit` must not come back here.
 */
export const dotProducts = (
  a: Float32Array,
  b: Float32Array,
  d: number,
  visit: (row: number, dots: Float32Array) => void,
): void => {
  if (b.length === 0 || a.length === 0) return;
  const { n, stride, padded, matrix, floats, dots } = placed(b, d, (s, p) => 2 * (s + p));
  const [x, y] = [matrix, matrix + stride];
  const [out, outY] = [y + stride, y + stride + padded];
  const m = a.length / d;
  for (let row = 0; row < m; row += 2) {
    const both = row + 1 < m;
    floats.set(a.subarray(row * d, (row + 1) * d), x);
    if (both) floats.set(a.subarray((row + 1) * d, (row + 2) * d), y);
    dots(4 * x, 4 * y, 0, 4 * matrix, 4 * stride, 4 * out, 4 * outY);
    visit(row, floats.subarray(out, out + n));
    if (both) visit(row + 1, floats.subarray(outY, outY + n));
  }
};

/**
 * Dot products of all pairs of rows of `a` `[n, d]`, as `[n, n]`. Each pair is computed once, as a·b and b·a are the same
 * sums: half the work of `dotProducts` of `a` with itself, and the same numbers.
 */
export const pairProducts = (a: Float32Array, d: number): Float32Array => {
  const pairs = new Float32Array((a.length / d) ** 2);
  if (a.length === 0) return pairs;
  const { n, stride, padded, matrix, floats, dots } = placed(a, d, (_, p) => 2 * p);
  const fill = (row: number, from: number): void => {
    pairs.set(floats.subarray(from, from + row + 1), row * n);
    for (let other = 0, at = row; other < row; other++, at += n) pairs[at] = floats[from + other] as number;
  };
  for (let row = 0; row < n; row += 2) {
    const x = 4 * stride * row;
    const end = 16 * stride * Math.ceil(Math.min(n, row + 2) / 4);
    dots(x, x + 4 * stride, 0, end, 4 * stride, 4 * matrix, 4 * (matrix + padded));
    fill(row, matrix);
    if (row + 1 < n) fill(row + 1, matrix + padded);
  }
  return pairs;
};

/**
 * Rows `a` `[m, d]` and `b` `[n, d]` for products of some of them: for each of `rows` of `a` in order, its dot products
 * with the rows `from` to `to` of `b`, until the next call of anything here. What `visit` gets is valid until it returns.
 */
export const chosenProducts = (a: Float32Array, b: Float32Array, d: number) => {
  const m = a.length / d;
  const { n, stride, padded, matrix, floats, dots } = placed(b, d, (s, p) => m * s + 2 * p);
  copyRows(a, d, floats.subarray(matrix, matrix + m * stride), stride);
  const out = matrix + m * stride;
  const [found, foundY] = [floats.subarray(out, out + n), floats.subarray(out + padded, out + padded + n)];
  const at = (row: number): number => 4 * (matrix + row * stride);
  return (
    rows: readonly number[],
    { from, to }: { readonly from: number; readonly to: number },
    visit: (row: number, dots: Float32Array) => void,
  ): void => {
    for (let index = 0; index < rows.length; index += 2) {
      const [x, y] = [rows[index] as number, rows[index + 1]];
      dots(at(x), at(y ?? x), 4 * stride * from, 4 * stride * to, 4 * stride, 4 * out, 4 * (out + padded));
      visit(x, found);
      if (y !== undefined) visit(y, foundY);
    }
  };
};
