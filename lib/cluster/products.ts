import { dotProducts } from "./dot-kernel.ts";

/**
 * Port: rows `a` `[m, d]` and `b` `[n, d]` → the dot products of all pairs, `[m, n]` row-major.
 *
 * The same input gives the same output. The event loop is free while it waits, at least between two calls.
 */
export type Products = (a: Float32Array, b: Float32Array, d: number) => Promise<Float32Array>;

/** Multiplications of one call: some 25 ms of the WebAssembly kernel, which holds the event loop. */
const workPerCall = 2e8;
/** Work after which a turn of the event loop is due, in one call or in many small ones. */
const workPerTurn = 1e7;

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let workSinceTurn = 0;

/** By the WebAssembly kernel: everywhere the same, and nothing to load. */
export const kernelProducts: Products = async (a, b, d) => {
  const n = b.length / d;
  const products = new Float32Array((a.length / d) * n);
  dotProducts(a, b, d, (row, dots) => products.set(dots, row * n));
  workSinceTurn += a.length * n;
  if (workSinceTurn > workPerTurn) {
    workSinceTurn = 0;
    await turn();
  }
  return products;
};

export type Sweep = {
  readonly d: number;
  readonly products: Products;
  readonly signal?: AbortSignal | undefined;
  /** Told after each tile which share of them is done. */
  readonly onTile?: (share: number) => void;
};

/**
 * The products of rows `a` with all of `b`, block after block in order: `visit` gets the first row of a block and its
 * products `[rows, n]`. The next block is under way meanwhile. An abort rejects with its reason between two blocks.
 */
export const sweep = async (
  a: Float32Array,
  b: Float32Array,
  { d, products, signal }: Sweep,
  visit: (from: number, block: Float32Array) => void,
): Promise<void> => {
  const m = a.length / d;
  const rows = Math.max(1, Math.floor(workPerCall / Math.max(1, b.length)));
  const block = (from: number): Promise<Float32Array> =>
    products(a.subarray(from * d, Math.min(m, from + rows) * d), b, d);
  signal?.throwIfAborted();
  let coming = block(0);
  for (let from = 0; from < m; from += rows) {
    const found = await coming;
    signal?.throwIfAborted();
    if (from + rows < m) coming = block(from + rows);
    visit(from, found);
  }
};

/** Products of rows `from` to `to` with rows `fromB` to `toB`, `[to − from, toB − fromB]`. */
export type Tile = {
  readonly from: number;
  readonly to: number;
  readonly fromB: number;
  readonly toB: number;
  readonly products: Float32Array;
};

/**
 * Rows of a square tile: some 5 ms of one thread, large enough for a matrix kernel to be at its fastest; where rows are
 * short, no more pairs than are looked at in a few milliseconds.
 */
const tileRows = (d: number): number => Math.min(724, Math.max(16, Math.floor(Math.sqrt(6e7 / d))));

type Corner = { readonly from: number; readonly fromB: number };

/** Visits the tiles at `corners` in order, the next one under way meanwhile. An abort rejects between two tiles. */
const sweepTiles = async (
  a: Float32Array,
  b: Float32Array,
  { d, products, signal, onTile }: Sweep,
  corners: readonly Corner[],
  visit: (tile: Tile) => void,
): Promise<void> => {
  const side = tileRows(d);
  const under = async ({ from, fromB }: Corner): Promise<Tile> => {
    const [to, toB] = [Math.min(a.length / d, from + side), Math.min(b.length / d, fromB + side)];
    const found = await products(a.subarray(from * d, to * d), b.subarray(fromB * d, toB * d), d);
    return { from, to, fromB, toB, products: found };
  };
  signal?.throwIfAborted();
  let coming = corners[0] && under(corners[0]);
  for (let next = 1; coming !== undefined; next++) {
    const tile: Tile = await coming;
    signal?.throwIfAborted();
    const corner = corners[next];
    coming = corner && under(corner);
    visit(tile);
    onTile?.(next / corners.length);
  }
};

const starts = (vectors: Float32Array, d: number): number[] =>
  Array.from({ length: Math.ceil(vectors.length / d / tileRows(d)) }, (_, tile) => tile * tileRows(d));

/** The products of rows `a` with all of `b`, in square tiles, row of tiles after row. */
export const sweepAll = (
  a: Float32Array,
  b: Float32Array,
  how: Sweep,
  visit: (tile: Tile) => void,
): Promise<void> => {
  const corners = starts(a, how.d).flatMap((from) => starts(b, how.d).map((fromB) => ({ from, fromB })));
  return sweepTiles(a, b, how, corners, visit);
};

/**
 * The products of all pairs of `vectors`, each pair once: half the work. In tiles of which `fromB ≥ from`; one on the
 * diagonal holds its pairs twice, and those of rows with themselves.
 */
export const sweepPairs = (vectors: Float32Array, how: Sweep, visit: (tile: Tile) => void): Promise<void> => {
  const all = starts(vectors, how.d);
  const corners = all.flatMap((from) =>
    all.filter((fromB) => fromB >= from).map((fromB) => ({ from, fromB })),
  );
  return sweepTiles(vectors, vectors, how, corners, visit);
};
