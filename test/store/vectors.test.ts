import { expect, it } from "vitest";
import {
  append,
  keep,
  nearest,
  slotsOf,
  type VectorCache,
  vectorCache,
} from "../../lib/store/embedded/vectors.ts";

/** mulberry32 */
const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
};

const dimension = 256;

const unit = (vector: Float32Array): Float32Array => {
  const length = Math.hypot(...vector);
  return vector.map((x) => x / length);
};

/** Vectors as a model makes them: crowded around one direction, in topics. */
const crowded = (count: number): Float32Array[] => {
  const next = random(1);
  const noise = (scale: number) => Float32Array.from({ length: dimension }, () => (next() - 0.5) * scale);
  const topics = Array.from({ length: 40 }, () => noise(1));
  return Array.from({ length: count }, (_, n) => {
    const topic = topics[n % topics.length]!;
    return unit(noise(1).map((x, i) => x + 1 + topic[i]!));
  });
};

const filled = (vectors: readonly Float32Array[], flatRows?: number): VectorCache => {
  const cache = vectorCache(dimension, flatRows);
  for (const [n, vector] of vectors.entries()) append(cache, 3 * n + 1, vector);
  return cache;
};

const numbersOf = (
  cache: VectorCache,
  query: Float32Array,
  limit: number,
  only: readonly number[] | null = null,
) =>
  nearest(cache, query, limit, only && slotsOf(cache, only))
    .sort((a, b) => b.score - a.score)
    .map(({ number }) => number);

const vectors = crowded(4000);
const queries = crowded(4050).slice(4000);

it("the coarse pass leaves the nearest of thousands in, and their scores are exact", () => {
  const flat = filled(vectors);
  const coarse = filled(vectors, 100);
  let found = 0;
  for (const query of queries) {
    const exact = nearest(flat, query, 10, null);
    const scores = new Map(exact.map(({ number, score }) => [number, score]));
    for (const { number, score } of nearest(coarse, query, 10, null))
      if (scores.has(number)) {
        expect(score).toBe(scores.get(number));
        found++;
      }
  }
  expect(flat.codes).toBeNull();
  expect(coarse.codes?.size).toBe(vectors.length);
  expect(found / (10 * queries.length)).toBeGreaterThan(0.97);
});

it("the coarse pass keeps to the rows asked for, and misses none when they are few", () => {
  const cache = filled(vectors, 100);
  const only = vectors.flatMap((_, n) => (n % 7 === 0 ? [3 * n + 1] : []));
  const found = numbersOf(cache, queries[0]!, 20, only);
  expect(found.every((number) => only.includes(number))).toBe(true);
  const few = only.slice(0, 90);
  expect(numbersOf(cache, queries[0]!, 90, few).toSorted((a, b) => a - b)).toEqual(few);
});

it("rows added and dropped later are seen by the coarse pass", () => {
  const cache = filled(vectors.slice(0, 1000), 100);
  const query = queries[0]!;
  const [best] = numbersOf(cache, query, 1);
  append(cache, 50_000, query);
  expect(numbersOf(cache, query, 2)).toEqual([50_000, best]);
  keep(cache, slotsOf(cache, [...Array.from({ length: 500 }, (_, n) => 3 * (2 * n + 1) + 1), 50_000]));
  const rest = filled([]);
  for (let n = 0; n < 500; n++) append(rest, 3 * (2 * n + 1) + 1, vectors[2 * n + 1]!);
  append(rest, 50_000, query);
  expect(numbersOf(cache, query, 2)).toEqual(numbersOf(rest, query, 2));
  for (const [n, vector] of vectors.entries()) append(cache, 60_000 + n, vector);
  expect(numbersOf(cache, vectors[3999]!, 1)).toEqual([63_999]);
  expect(cache.codes?.trainedOn).toBe(4501);
});

it("equal vectors all come, wherever the cut falls", () => {
  const twins = Array.from({ length: 300 }, () => vectors[0]!);
  const cache = filled([...vectors.slice(1, 600), ...twins], 100);
  expect(numbersOf(cache, vectors[0]!, 5)).toHaveLength(300);
});
