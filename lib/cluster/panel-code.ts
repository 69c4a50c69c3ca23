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
  zeros,
} from "../wasm-code.ts";

/** Rows lie side by side in panels of four, in turns of 16 bytes: then few pointers and fixed offsets reach all of them. */
export const panelRows = 4;
const turnBytes = 16 * panelRows;
/** Turns between two looks at the end of a panel. */
export const unrolled = 4;

/** How a kernel multiplies and adds 16 bytes of two rows, and sums up the four parts that come of it. */
type Arithmetic = {
  readonly accumulate: (sum: Code, a: Code, b: Code) => Code;
  readonly sumParts: (sum: Code) => Code;
  readonly store: number;
};

const partsOf = (extract: number, plus: number, sum: Code): Code => {
  const part = (index: number): Code => [simd(extract, sum), index];
  return [part(0), part(1), plus, part(2), part(3), plus, plus];
};

/** Four floats at once, in a fixed order: IEEE 754 single precision, so every machine gives the same products. */
const floats: Arithmetic = {
  accumulate: (sum, a, b) => simd(0xe4, sum, simd(0xe6, a, b)),
  sumParts: (sum) => partsOf(0x1f, 0x92, sum),
  store: 0x38,
};

/** Eight 16-bit integers at once. */
const shorts: Arithmetic = {
  accumulate: (sum, a, b) => simd(0xae, sum, simd(0xba, a, b)),
  sumParts: (sum) => partsOf(0x1b, 0x6a, sum),
  store: 0x36,
};

/** What a float is multiplied by to be a short. */
export const shortScale = 16_384;

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

/** `packShorts(rows, bytes, panel)`: the same, as floats that become 16-bit integers. `bytes` is a multiple of 32. */
const packShortsCode = (): Code => {
  const [rows, bytes, panel, end, row, scale] = [0, 1, 2, 3, 4, 5] as const;
  const rounded = (offset: number): Code =>
    simd(0xf8, simd(0x6a, simd(0xe6, load(get(row), offset), get(scale))));
  const copyTurn = upTo(panelRows).map((i) => [
    store(get(panel), 16 * i, simd(0x85, rounded(0), rounded(16))),
    set(row, add(get(row), get(bytes))),
  ]);
  return [
    // As integers, then as floats: a power of two is exact.
    set(scale, simd(0xfa, simd(0x11, constant(shortScale)))),
    set(end, add(get(rows), get(bytes))),
    repeat(
      [set(row, get(rows)), copyTurn, advance(panel, turnBytes), advance(rows, 32)],
      lessThan(get(rows), get(end)),
    ),
  ];
};

/**
 * `dots(x, y, panel, end, bytes, out, outY)`: the products of the rows of panels at `x` and `y` with each of the rows of the
 * panels from `panel` to `end` go to `out` and `outY`, four bytes each. A row has `bytes`, a multiple of 64. Two rows at once, as
 * one addition must wait for the one before it: eight sums side by side keep the processor busy, four do not.
 */
const dotsCode = ({ accumulate, sumParts, store }: Arithmetic): Code => {
  const [x, y, panel, end, bytes, out, outY, atX, atY, panelEnd] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
  const [sums, sumsY] = [[10, 11, 12, 13] as const, [14, 15, 16, 17] as const];
  const [value, valueY, row] = [18, 19, 20] as const;
  const more = (sum: number, of: number): Code => set(sum, accumulate(get(sum), get(of), get(row)));
  const turn = (offset: number): Code => [
    set(value, load(get(atX), offset)),
    set(valueY, load(get(atY), offset)),
    sums.map((sum, i) => [
      set(row, load(get(panel), offset + 16 * i)),
      more(sum, value),
      more(sumsY[i] ?? 0, valueY),
    ]),
  ];
  const finish = (to: number, of: readonly number[]): Code => [
    of.map((sum, i) => [get(to), sumParts(get(sum)), store, 2, 4 * i]),
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

/** `dot(x, y, bytes, out)`: the product of two rows of panels, the same float as `dots` gives. */
const dotCode = (): Code => {
  const [x, y, bytes, out, end, sum] = [0, 1, 2, 3, 4, 5] as const;
  return [
    set(end, add(get(x), times(panelRows, get(bytes)))),
    set(sum, zeros),
    repeat(
      [
        set(sum, floats.accumulate(get(sum), load(get(x)), load(get(y)))),
        advance(x, turnBytes),
        advance(y, turnBytes),
      ],
      lessThan(get(x), get(end)),
    ),
    [get(out), floats.sumParts(get(sum)), floats.store, 2, 0],
  ];
};

export const kernelWith = lazyKernel(
  { name: "pack", parameters: 3, integers: 2, vectors: 0, body: packCode() },
  { name: "packShorts", parameters: 3, integers: 2, vectors: 1, body: packShortsCode() },
  { name: "dots", parameters: 7, integers: 3, vectors: 11, body: dotsCode(floats) },
  { name: "shortDots", parameters: 7, integers: 3, vectors: 11, body: dotsCode(shorts) },
  { name: "dot", parameters: 4, integers: 1, vectors: 1, body: dotCode() },
);
