import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Clustering, ClusterModel } from "../../lib/cluster/cluster-model.ts";
import { planted, sameGroups } from "../cluster/planted.ts";

const cosine = (a: Float32Array, i: number, b: Float32Array, j: number, d: number): number => {
  let dot = 0;
  for (let at = 0; at < d; at++) dot += a[i * d + at]! * b[j * d + at]!;
  return dot;
};

/** What holds of every clustering of `vectors` `[n, d]`. */
const expectSound = (clustering: Clustering, vectors: Float32Array, d: number): void => {
  const { k, centroids, labels, distances } = clustering;
  const n = vectors.length / d;
  expect([centroids.length, labels.length, distances.length]).toEqual([k * d, n, n]);
  for (let id = 0; id < k; id++) expect(cosine(centroids, id, centroids, id, d)).toBeCloseTo(1, 4);
  const sizes = Array.from({ length: k }, (_, id) => labels.filter((label) => label === id).length);
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  expect(Math.min(...sizes)).toBeGreaterThan(0);
  for (const [row, label] of labels.entries()) {
    expect(label).toBeGreaterThanOrEqual(-1);
    expect(label).toBeLessThan(k);
    const distance = label < 0 ? 0 : 1 - cosine(vectors, row, centroids, label, d);
    expect(distances[row]).toBeCloseTo(distance, 4);
  }
};

const unitRow = (d: number) =>
  fc
    .array(fc.integer({ min: -5, max: 5 }), { minLength: d, maxLength: d })
    .filter((row) => row.some((x) => x !== 0))
    .map((row) => row.map((x) => x / Math.hypot(...row)));

/** What every driver of the ClusterModel port must do; `findsK`: it takes no notice of `k`, and equal vectors may be noise. */
export const clusterModelContract = (name: string, model: ClusterModel, findsK = false): void => {
  describe(`cluster model contract: ${name}`, () => {
    it("no vectors give no clusters", async () => {
      const none = await model.fit(new Float32Array(0), 8, { k: "auto", seed: 1 });
      expect(none.k).toBe(0);
      expectSound(none, new Float32Array(0), 8);
    });

    it("groups that lie apart are found, whatever the seed", async () => {
      const { vectors, truth } = planted({ n: 60, k: 4, d: 16, spread: 0.3, seed: 7 });
      for (let seed = 0; seed < 10; seed++)
        expect(sameGroups((await model.fit(vectors, 16, { k: 4, seed })).labels, truth)).toBe(true);
    });

    it("auto finds how many groups lie apart", async () => {
      const { vectors, truth } = planted({ n: 120, k: 8, d: 32, spread: 0.3, seed: 3 });
      const found = await model.fit(vectors, 32, { k: "auto", seed: 42 });
      expect(found.k).toBe(8);
      expect(sameGroups(found.labels, truth)).toBe(true);
    });

    it("the same vectors and seed give the same clusters", async () => {
      const { vectors } = planted({ n: 90, k: 5, d: 16, spread: 2, seed: 5 });
      const twice = await Promise.all([1, 2].map(() => model.fit(vectors, 16, { k: "auto", seed: 9 })));
      expect(twice[0]).toEqual(twice[1]);
    });

    it("equal vectors make one cluster, however many are asked for", async () => {
      const vectors = Float32Array.from({ length: 12 * 3 }, (_, i) => (i % 3 === 0 ? 1 : 0));
      for (const k of [3, "auto"] as const) {
        const found = await model.fit(vectors, 3, { k, seed: 1 });
        expect(found.k).toBe(findsK ? 0 : 1);
        expect(found.distances.every((distance) => distance < 1e-6)).toBe(true);
      }
    });

    it("any vectors, k and seed give a sound clustering with at most k clusters", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(unitRow(4), { minLength: 1, maxLength: 30 }),
          fc.oneof(fc.constant("auto" as const), fc.integer({ min: 1, max: 40 })),
          fc.nat(1000),
          async (rows, k, seed) => {
            const vectors = Float32Array.from(rows.flat());
            const found = await model.fit(vectors, 4, { k, seed });
            expectSound(found, vectors, 4);
            expect(found.k).toBeLessThanOrEqual(
              k === "auto" || findsK ? rows.length : Math.min(k, rows.length),
            );
          },
        ),
        { numRuns: 60, seed: 20_261_101 },
      );
    });

    it("leaves its input alone", async () => {
      const { vectors } = planted({ n: 30, k: 3, d: 8, spread: 1, seed: 2 });
      const before = Float32Array.from(vectors);
      await model.fit(vectors, 8, { k: 3, seed: 1 });
      expect(vectors).toEqual(before);
    });

    it("an aborted signal rejects with its reason", async () => {
      const { vectors } = planted({ n: 30, k: 3, d: 8, spread: 1, seed: 2 });
      const reason = new Error("the function's time is over");
      const options = { k: 3, seed: 1, signal: AbortSignal.abort(reason) } as const;
      await expect(model.fit(vectors, 8, options)).rejects.toBe(reason);
    });

    it.each([
      ["a k of 0", new Float32Array(8), 4, 0],
      ["half a cluster", new Float32Array(8), 4, 1.5],
      ["vectors that are not whole rows", new Float32Array(7), 4, 2],
    ])("%s is refused", async (_, vectors, d, k) => {
      await expect(model.fit(vectors, d, { k, seed: 1 })).rejects.toThrow(RangeError);
    });
  });
};
