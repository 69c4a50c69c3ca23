import { describe, expect, it } from "vitest";
import { euclidean, nearestNeighbours } from "../../lib/cluster/knn.ts";
import { kernelProducts } from "../../lib/cluster/products.ts";
import { spanningTree } from "../../lib/cluster/spanning-tree.ts";
import { unionFind } from "../../lib/cluster/union-find.ts";
import { dotRows } from "../../lib/cluster/vectors.ts";
import { planted } from "./planted.ts";

const d = 8;
const count = 6;
const how = { d, products: kernelProducts };

const coreOf = (distances: Float64Array): Float64Array =>
  Float64Array.from({ length: distances.length / count }, (_, row) => distances[row * count + count - 1]!);

/** Weights of the edges by Prim's algorithm, which looks at every pair. */
const primWeights = (vectors: Float32Array, core: Float64Array): number[] => {
  const nearest = new Float64Array(core.length).fill(Number.POSITIVE_INFINITY);
  const left = new Set(core.keys());
  const weights: number[] = [];
  let row = 0;
  while (left.delete(row) && left.size > 0) {
    let next = -1;
    for (const other of left) {
      const distance = euclidean(dotRows(vectors, row, vectors, other, d));
      nearest[other] = Math.min(nearest[other]!, Math.max(distance, core[row]!, core[other]!));
      if (next < 0 || nearest[other]! < nearest[next]!) next = other;
    }
    weights.push(nearest[next]!);
    row = next;
  }
  return weights.sort((a, b) => a - b);
};

describe("spanning tree of mutual reachability", () => {
  it.each([
    ["a few hundred rows", 300],
    ["rows in many tiles, whose last edges come from one sweep", 4_200],
  ])("has the weights of Prim's tree: %s", async (_, n) => {
    const { vectors } = planted({ n, k: 7, d, spread: 0.2, seed: 5 });
    const neighbours = await nearestNeighbours(vectors, count, how);
    const core = coreOf(neighbours.distances);
    const edges = await spanningTree(vectors, neighbours, core, how);
    const sets = unionFind(n);
    expect(edges.every(({ a, b }) => sets.join(a, b))).toBe(true);
    const expected = primWeights(vectors, core);
    expect(edges.length).toBe(n - 1);
    for (const [at, { weight }] of edges.entries())
      expect(Math.abs(weight - expected[at]!)).toBeLessThan(1e-3);
  });

  it("neighbours of every row are the nearest others, found in both directions of each pair", async () => {
    const n = 4_200;
    const { vectors } = planted({ n, k: 7, d, spread: 0.2, seed: 6 });
    const { distances } = await nearestNeighbours(vectors, count, how);
    for (let row = 0; row < n; row += 419) {
      const others = Array.from({ length: n }, (_, other) =>
        euclidean(dotRows(vectors, row, vectors, other, d)),
      );
      others.splice(row, 1);
      const nearest = others.sort((a, b) => a - b).slice(0, count);
      for (const [at, distance] of nearest.entries())
        expect(Math.abs(distances[row * count + at]! - distance)).toBeLessThan(1e-3);
    }
  });

  it("an abort under way rejects with its reason", async () => {
    const { vectors } = planted({ n: 4_200, k: 7, d, spread: 0.2, seed: 7 });
    const stop = new AbortController();
    let calls = 0;
    const products: typeof kernelProducts = (a, b, width) => {
      if (++calls === 2) stop.abort(new Error("time is over"));
      return kernelProducts(a, b, width);
    };
    await expect(nearestNeighbours(vectors, count, { d, products, signal: stop.signal })).rejects.toThrow(
      "time is over",
    );
    expect(calls).toBe(2);
  });
});
