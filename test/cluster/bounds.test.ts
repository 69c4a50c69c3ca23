import { describe, expect, it } from "vitest";
import { boundedAssignment, leastToBound } from "../../lib/cluster/bounds.ts";
import { clusterMeans } from "../../lib/cluster/clustering.ts";
import { assignByProducts, emptyAssignment } from "../../lib/cluster/nearest.ts";
import { kernelProducts, type Products } from "../../lib/cluster/products.ts";
import { seededRandom } from "../../lib/cluster/random.ts";
import { normalisedRows } from "../../lib/cluster/vectors.ts";
import { planted } from "./planted.ts";

/** Products that count the pairs they were asked for. */
const counted = () => {
  const counter = { pairs: 0 };
  const products: Products = (a, b, d) => {
    counter.pairs += (a.length / d) * (b.length / d);
    return kernelProducts(a, b, d);
  };
  return { counter, products };
};

/** Passes from the first `k` vectors, by bounds and by comparing all pairs; gives the pairs of each pass's products. */
const passes = async (vectors: Float32Array, d: number, k: number, count: number): Promise<number[]> => {
  const n = vectors.length / d;
  const { counter, products } = counted();
  const [bounded, plain] = [emptyAssignment(n), emptyAssignment(n)];
  const assign = boundedAssignment(vectors, { d, products }, bounded);
  let centroids: Float32Array = vectors.slice(0, k * d);
  const pairs: number[] = [];
  for (let pass = 0; pass < count; pass++) {
    counter.pairs = 0;
    const changed = await assign(centroids);
    pairs.push(counter.pairs);
    expect(changed).toBe(await assignByProducts(vectors, centroids, { d, products: kernelProducts }, plain));
    expect(bounded.labels).toEqual(plain.labels);
    expect(bounded.similarities).toEqual(plain.similarities);
    centroids = clusterMeans(vectors, d, plain.labels, centroids);
  }
  return pairs;
};

describe("assigning by bounds", () => {
  it("finds what comparing all pairs finds, pass after pass, and soon does without comparing them", async () => {
    const [n, k] = [5_000, 40];
    const { vectors } = planted({ n, k: 12, d: 24, spread: 0.6, seed: 5 });
    const pairs = await passes(vectors, 24, k, 12);
    expect(pairs.slice(0, 2)).toEqual([n * k, n * k]);
    expect(pairs.slice(-5)).toEqual([0, 0, 0, 0, 0]);
  });

  it("finds it where bounds tell nothing: then all pairs are compared", async () => {
    const random = seededRandom(9);
    const [n, d, k] = [3_000, 20, leastToBound];
    const even = Float64Array.from({ length: n * d }, () => random() + random() + random() - 1.5);
    const pairs = await passes(normalisedRows(even, d, new Float32Array(n * d)), d, k, 6);
    expect(pairs[2]).toBe(n * k);
  });

  it("finds it when a centroid is moved far away, and takes the lowest id of centroids that are the same", async () => {
    const d = 16;
    const { vectors } = planted({ n: 2_000, k: 8, d, spread: 0.5, seed: 6 });
    const [bounded, plain] = [emptyAssignment(2_000), emptyAssignment(2_000)];
    const assign = boundedAssignment(vectors, { d, products: kernelProducts }, bounded);
    const centroids = vectors.slice(0, 32 * d);
    for (let pass = 0; pass < 8; pass++) {
      const moved = centroids.slice();
      moved.set(vectors.subarray(1_000 * d, 1_001 * d), (pass % 4) * 5 * d);
      moved.set(vectors.subarray(1_000 * d, 1_001 * d), 7 * d);
      await assign(moved);
      await assignByProducts(vectors, moved, { d, products: kernelProducts }, plain);
      expect(bounded.labels).toEqual(plain.labels);
    }
  });

  it("ends when it is aborted between two passes", async () => {
    const { vectors } = planted({ n: 500, k: 4, d: 8, spread: 0.5, seed: 7 });
    const stop = new AbortController();
    const how = { d: 8, products: kernelProducts, signal: stop.signal };
    const assign = boundedAssignment(vectors, how, emptyAssignment(500));
    const centroids = vectors.slice(0, 20 * 8);
    for (let pass = 0; pass < 3; pass++) await assign(centroids);
    stop.abort(new Error("enough"));
    await expect(assign(centroids)).rejects.toThrow("enough");
  });
});
