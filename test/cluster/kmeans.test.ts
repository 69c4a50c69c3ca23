import { describe, expect, it } from "vitest";
import { candidateKs } from "../../lib/cluster/choose-k.ts";
import { kmeans } from "../../lib/cluster/kmeans.ts";
import { assignRows, emptyAssignment, nearestCentroids } from "../../lib/cluster/nearest.ts";
import { sampleIndices, seededRandom } from "../../lib/cluster/random.ts";
import { dotRows } from "../../lib/cluster/vectors.ts";
import { atAngles, planted } from "./planted.ts";

describe("training k-means", () => {
  it("two groups in the plane have the means of their angles as centres", async () => {
    const { k, centroids, labels, distances } = await kmeans.fit(atAngles(0, 10, 20, 90, 100), 2, {
      k: 2,
      seed: 1,
    });
    expect(k).toBe(2);
    expect([...labels]).toEqual([0, 0, 0, 1, 1]);
    for (const [i, x] of atAngles(10, 95).entries()) expect(centroids[i]).toBeCloseTo(x, 6);
    expect(distances[0]).toBeCloseTo(1 - Math.cos((10 * Math.PI) / 180), 6);
  });

  it("reports each pass, and no pass makes vectors less similar to their centres", async () => {
    const { vectors } = planted({ n: 2_000, k: 10, d: 24, spread: 2, seed: 4 });
    const passes: { pass: number; meanSimilarity: number }[] = [];
    await kmeans.fit(vectors, 24, { k: 12, seed: 3, onPass: (pass) => passes.push(pass) });
    expect(passes.length).toBeGreaterThan(3);
    expect(passes.map(({ pass }) => pass)).toEqual(passes.map((_, i) => i + 1));
    for (const [i, { meanSimilarity }] of passes.entries())
      expect(meanSimilarity).toBeGreaterThanOrEqual((passes[i - 1]?.meanSimilarity ?? -1) - 1e-6);
  });

  it("an abort in the middle ends it between two passes", async () => {
    const { vectors } = planted({ n: 2_000, k: 10, d: 24, spread: 2, seed: 4 });
    const stop = new AbortController();
    const passes: number[] = [];
    const running = kmeans.fit(vectors, 24, {
      k: 12,
      seed: 3,
      signal: stop.signal,
      onPass: ({ pass }) => {
        passes.push(pass);
        if (pass === 2) stop.abort(new Error("enough"));
      },
    });
    await expect(running).rejects.toThrow("enough");
    expect(passes).toEqual([1, 2]);
  });

  it("other work goes on while it runs", async () => {
    const { vectors } = planted({ n: 3_000, k: 10, d: 64, spread: 2, seed: 4 });
    let turns = 0;
    let running = true;
    const count = (): void => {
      turns++;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    await kmeans.fit(vectors, 64, { k: 64, seed: 3 });
    running = false;
    expect(turns).toBeGreaterThan(20);
  });

  it("auto tries ks around the root of the number of vectors, and never more than 256", () => {
    expect(candidateKs(1)).toEqual([]);
    expect(candidateKs(16)).toEqual([2, 3, 4, 5, 6]);
    expect(candidateKs(1_024)).toEqual([16, 20, 24, 28, 32, 40, 48]);
    expect(candidateKs(10_000_000)).toEqual([96, 112, 128, 160, 192, 224, 256]);
  });
});

describe("nearest centroids", () => {
  it("are those that comparing each pair finds, for every number of centroids", () => {
    const d = 7;
    const { vectors } = planted({ n: 40, k: 5, d, spread: 2, seed: 8 });
    for (let k = 1; k <= 9; k++) {
      const { vectors: centroids } = planted({ n: k, k, d, spread: 0, seed: k });
      const { ids, distances } = nearestCentroids(vectors, d, centroids);
      for (const [row, id] of ids.entries()) {
        const dots = Array.from({ length: k }, (_, j) => dotRows(vectors, row, centroids, j, d));
        expect(dots[id]).toBeCloseTo(Math.max(...dots), 6);
        expect(distances[row]).toBeCloseTo(1 - Math.max(...dots), 6);
      }
    }
  });

  it("of two centroids equally near the lower id is taken", () => {
    expect([...nearestCentroids(atAngles(0), 2, atAngles(20, -20, 20)).ids]).toEqual([0]);
  });

  it("without centroids every label is -1, at distance 0", () => {
    const { ids, distances } = nearestCentroids(atAngles(0, 90), 2, new Float32Array(0));
    expect([[...ids], [...distances]]).toEqual([
      [-1, -1],
      [0, 0],
    ]);
  });

  it("with radii are the nearest of those that reach, and noise at distance 0 where none does", () => {
    const reach = (degrees: number) => 1 - Math.cos((degrees * Math.PI) / 180);
    const radii = [reach(50), reach(5)];
    const { ids, distances } = nearestCentroids(atAngles(4, 40, 49, 51, 93), 2, atAngles(0, 45), radii);
    expect([...ids]).toEqual([0, 1, 1, -1, -1]);
    expect(distances[2]).toBeCloseTo(reach(4), 6);
    expect(distances[4]).toBe(0);
    expect([...nearestCentroids(atAngles(38), 2, atAngles(0, 45), radii).ids]).toEqual([0]);
  });

  it("counts the labels that changed", () => {
    const assignment = emptyAssignment(3);
    const centroids = atAngles(0, 90);
    expect(assignRows(atAngles(1, 2, 80), 2, centroids, assignment)).toBe(3);
    expect(assignRows(atAngles(1, 85, 80), 2, centroids, assignment)).toBe(1);
  });
});

describe("seeded randomness", () => {
  it("has one sequence a seed, spread evenly over 0 to 1", () => {
    const [a, b, other] = [seededRandom(1), seededRandom(1), seededRandom(2)];
    const first = Array.from({ length: 10_000 }, a);
    expect(Array.from({ length: 10_000 }, b)).toEqual(first);
    expect(other()).not.toBe(first[0]);
    const tenths = new Array<number>(10).fill(0);
    for (const x of first) tenths[Math.floor(x * 10)]!++;
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(120);
  });

  it("draws different indices, and all of them when asked for more", () => {
    const drawn = [...sampleIndices(50, 20, seededRandom(3))];
    expect(new Set(drawn).size).toBe(20);
    expect(drawn.every((index) => index >= 0 && index < 50)).toBe(true);
    expect([...sampleIndices(5, 9, seededRandom(3))].sort()).toEqual([0, 1, 2, 3, 4]);
  });
});
