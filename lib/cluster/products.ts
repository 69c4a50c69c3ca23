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
