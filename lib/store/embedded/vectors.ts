import { bestOf } from "./best.ts";
import { type Codes, moveCode, nearestByBits, updateCodes } from "./coarse.ts";
import type { Sql } from "./connection.ts";
import { floatsOf } from "./rows.ts";
import type { Tables } from "./schema.ts";

/**
 * The vectors of one collection in this process's memory, `[size, dimension]` row-major.
 *
 * Rows never change under their number and numbers only grow, so bringing the copy up to date is reading the rows
 * after the last one; rows that are gone are found out when they come up. Another process's commits empty SQLite's own
 * page cache, which is why this beats vec0 and vec_distance_cosine while documents are being written (bench/store.ts).
 */
export type VectorCache = {
  readonly dimension: number;
  size: number;
  /** `[size]`, ascending. */
  numbers: Float64Array;
  vectors: Float32Array;
  /** 1 / length of each vector, 0 for a zero vector: rows are unit length, but rounding is theirs. */
  inverseNorms: Float64Array;
  /** Made when a search first has to choose among more than `flatRows`. */
  codes: Codes | null;
  readonly flatRows: number;
};

/** Up to so many rows each is compared exactly; beyond, those that a coarse pass leaves. */
const flatRows = 50_000;

export const vectorCache = (dimension: number, flat = flatRows): VectorCache => ({
  dimension,
  flatRows: flat,
  codes: null,
  size: 0,
  numbers: new Float64Array(0),
  vectors: new Float32Array(0),
  inverseNorms: new Float64Array(0),
});

const inverseNorm = (vector: Float32Array): number => {
  const squares = dots(vector, vector, 0, vector.length);
  return squares === 0 ? 0 : 1 / Math.sqrt(squares);
};

const reserve = (cache: VectorCache, rows: number): void => {
  if (rows <= cache.numbers.length) return;
  const capacity = Math.max(rows, Math.ceil(cache.numbers.length * 1.25), 1024);
  const { numbers, vectors, inverseNorms } = cache;
  cache.numbers = new Float64Array(capacity);
  cache.numbers.set(numbers);
  cache.vectors = new Float32Array(capacity * cache.dimension);
  cache.vectors.set(vectors);
  cache.inverseNorms = new Float64Array(capacity);
  cache.inverseNorms.set(inverseNorms);
};

/** Adds the vector of a row whose number is larger than all before it. */
export const append = (cache: VectorCache, number: number, vector: Float32Array): void => {
  reserve(cache, cache.size + 1);
  cache.numbers[cache.size] = number;
  cache.vectors.set(vector, cache.size * cache.dimension);
  cache.inverseNorms[cache.size] = inverseNorm(vector);
  cache.size++;
};

/** Reads what was written since the last call. `live` is the number of rows there are. */
export const refresh = (sql: Sql, { vectors }: Tables, cache: VectorCache, live: number): void => {
  reserve(cache, live);
  const last = cache.size === 0 ? 0 : (cache.numbers[cache.size - 1] ?? 0);
  const fresh = sql(`SELECT "row", "vector" FROM ${vectors} WHERE "row" > ? ORDER BY "row"`);
  for (const record of fresh.iterate(last)) append(cache, Number(record.row), floatsOf(record.vector));
};

/** Slots of the rows `numbers` (ascending) in the cache: both are sorted, so one walk finds them. */
export const slotsOf = (cache: VectorCache, numbers: readonly number[]): Int32Array => {
  const slots = new Int32Array(numbers.length);
  let slot = 0;
  let found = 0;
  for (const number of numbers) {
    while (slot < cache.size && (cache.numbers[slot] ?? 0) < number) slot++;
    if (slot < cache.size && cache.numbers[slot] === number) slots[found++] = slot;
  }
  return slots.subarray(0, found);
};

/** Drops all slots but these (ascending). */
export const keep = (cache: VectorCache, slots: Int32Array): void => {
  const { dimension } = cache;
  for (const [to, from] of slots.entries()) {
    if (to === from) continue;
    cache.numbers[to] = cache.numbers[from] ?? 0;
    cache.inverseNorms[to] = cache.inverseNorms[from] ?? 0;
    cache.vectors.copyWithin(to * dimension, from * dimension, (from + 1) * dimension);
    if (cache.codes && from < cache.codes.size) moveCode(cache.codes, from, to);
  }
  cache.size = slots.length;
  if (cache.codes) cache.codes.size = Math.min(cache.codes.size, slots.length);
};

/** Dot product of `query` and the vector at `offset`; four sums, because one would wait for each addition in turn. */
const dots = (query: Float32Array, vectors: Float32Array, offset: number, dimension: number): number => {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < dimension; i += 4) {
    const at = offset + i;
    a += (query[i] as number) * (vectors[at] as number);
    b += (query[i + 1] as number) * (vectors[at + 1] as number);
    c += (query[i + 2] as number) * (vectors[at + 2] as number);
    d += (query[i + 3] as number) * (vectors[at + 3] as number);
  }
  for (; i < dimension; i++) a += (query[i] as number) * (vectors[offset + i] as number);
  return a + b + c + d;
};

export type ScoredNumber = { readonly number: number; readonly score: number };

/** The part of the rows that the exact pass compares, and the least of it for each row that is wanted. */
const coarseShare = 1 / 8;
const coarsePerRow = 20;

const shortlist = (
  cache: VectorCache,
  query: Float32Array,
  limit: number,
  slots: Int32Array | null,
): Int32Array => {
  const { vectors, size, dimension } = cache;
  cache.codes = updateCodes(cache.codes, vectors, size, dimension);
  const count = slots ? slots.length : size;
  return nearestByBits(cache.codes, query, slots, Math.max(count * coarseShare, limit * coarsePerRow));
};

/**
 * The `limit` rows of largest cosine and all that tie with the last of them, in no particular order; exactly, among
 * more than `flatRows` very nearly so.
 * `only`: the slots to choose from, ascending; null: all.
 */
export const nearest = (
  cache: VectorCache,
  query: Float32Array,
  limit: number,
  only: Int32Array | null,
): ScoredNumber[] => {
  const { dimension, vectors, inverseNorms, numbers } = cache;
  const many = (only ? only.length : cache.size) > cache.flatRows;
  const slots = many ? shortlist(cache, query, limit, only) : only;
  const length = slots ? slots.length : cache.size;
  const queryNorm = inverseNorm(query);
  const scores = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const slot = slots ? (slots[i] as number) : i;
    const dot = dots(query, vectors, slot * dimension, dimension);
    scores[i] = dot * queryNorm * (inverseNorms[slot] as number);
  }
  return bestOf(scores, limit).map((i) => {
    const slot = slots ? (slots[i] as number) : i;
    return { number: numbers[slot] as number, score: scores[i] as number };
  });
};
