import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hdbscan } from "../../lib/cluster/hdbscan.ts";
import { kmeans } from "../../lib/cluster/kmeans.ts";
import { minibatchKmeans } from "../../lib/cluster/minibatch-kmeans.ts";
import { atAngles, planted } from "./planted.ts";

type Expected = {
  readonly name: string;
  readonly d: number;
  /** `[n, d]` float32, base64. */
  readonly vectors: string;
  readonly k: number;
  /** Of scikit-learn's KMeans, the best of 20 starts. */
  readonly inertia: number;
  readonly minClusterSize: number;
  readonly minSamples: number;
  readonly eom: readonly number[];
  readonly leaf: readonly number[];
  readonly outlierScores: readonly number[];
};

/** Made by make-expected.py beside it. */
const expected: readonly Expected[] = JSON.parse(
  readFileSync(new URL("./expected.json", import.meta.url), "utf8"),
);

const vectorsOf = ({ vectors }: Expected): Float32Array => {
  const bytes = Uint8Array.from(Buffer.from(vectors, "base64"));
  return new Float32Array(bytes.buffer);
};

/** Adjusted Rand index of two labellings (Hubert & Arabie 1985); noise counts as one more group. */
const adjustedRand = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const pairs = (x: number): number => (x * (x - 1)) / 2;
  const counts = (keys: readonly string[]): number => {
    const sizes = new Map<string, number>();
    for (const key of keys) sizes.set(key, (sizes.get(key) ?? 0) + 1);
    return [...sizes.values()].reduce((sum, size) => sum + pairs(size), 0);
  };
  const rows = Array.from(a, (label, row) => ({ a: `${label}`, b: `${b[row]}` }));
  const both = counts(rows.map((row) => `${row.a}/${row.b}`));
  const [left, right] = [counts(rows.map((row) => row.a)), counts(rows.map((row) => row.b))];
  const chance = (left * right) / pairs(rows.length);
  const most = (left + right) / 2;
  return most === chance ? 1 : (both - chance) / (most - chance);
};

const correlation = (x: ArrayLike<number>, y: ArrayLike<number>): number => {
  const n = x.length;
  const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, v) => sum + v, 0) / n;
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [x[i]! - mx, y[i]! - my];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xy / Math.sqrt(xx * yy);
};

/** Σ squared Euclidean distance to the mean of each label, as scikit-learn counts it. */
const inertia = (vectors: Float32Array, d: number, labels: Int32Array, k: number): number => {
  const sums = new Float64Array(k * d);
  const sizes = new Float64Array(k);
  for (const [row, label] of labels.entries()) {
    sizes[label]!++;
    for (let at = 0; at < d; at++) sums[label * d + at]! += vectors[row * d + at]!;
  }
  let total = 0;
  for (const [row, label] of labels.entries())
    for (let at = 0; at < d; at++)
      total += (vectors[row * d + at]! - sums[label * d + at]! / sizes[label]!) ** 2;
  return total;
};

describe.each(expected)("$name", (set) => {
  const vectors = vectorsOf(set);
  const { d, k, minClusterSize, minSamples } = set;

  it.each(["eom", "leaf"] as const)(
    "HDBSCAN with %s finds the clusters of Python's hdbscan",
    async (selection) => {
      const options = { minClusterSize, minSamples, selection };
      const found = await hdbscan.fit(vectors, d, { k: "auto", seed: 1, hdbscan: options });
      expect(adjustedRand(found.labels, set[selection])).toBeGreaterThanOrEqual(0.95);
      expect(new Set(found.labels).size).toBe(new Set(set[selection]).size);
    },
  );

  it("HDBSCAN's outlier scores are those of Python's hdbscan", async () => {
    const found = await hdbscan.fit(vectors, d, {
      k: "auto",
      seed: 1,
      hdbscan: { minClusterSize, minSamples },
    });
    // Products are float32 here: distances of a hundredth, as in the moons, differ in the third digit.
    expect(correlation(found.outlierScores!, set.outlierScores)).toBeGreaterThan(0.98);
  });

  it("k-means of the best of ten seeds is within 1 % of scikit-learn's inertia, mini-batches within 5 %", async () => {
    const best = async (model: typeof kmeans): Promise<number> => {
      const seeds = Array.from({ length: 10 }, (_, seed) => seed);
      const fits = await Promise.all(seeds.map((seed) => model.fit(vectors, d, { k, seed })));
      return Math.min(...fits.map((fit) => inertia(vectors, d, fit.labels, fit.k)));
    };
    expect(await best(kmeans)).toBeLessThanOrEqual(1.01 * set.inertia);
    expect(await best(minibatchKmeans)).toBeLessThanOrEqual(1.05 * set.inertia);
  });
});

describe("HDBSCAN", () => {
  it.each([
    ["one vector", 1],
    ["fewer vectors than a cluster has", 4],
  ])("%s is noise", async (_, n) => {
    const found = await hdbscan.fit(atAngles(0, 1, 2, 3).subarray(0, 2 * n), 2, { k: "auto", seed: 1 });
    expect([found.k, ...found.labels]).toEqual([0, ...new Array<number>(n).fill(-1)]);
  });

  it("a radius reaches the farthest member and no farther", async () => {
    const { vectors } = planted({ n: 120, k: 4, d: 16, spread: 0.3, seed: 2 });
    const { k, labels, distances, radii } = await hdbscan.fit(vectors, 16, { k: "auto", seed: 1 });
    expect(k).toBe(4);
    for (let id = 0; id < k; id++) {
      const own = distances.filter((_, row) => labels[row] === id);
      expect(radii![id]).toBeCloseTo(Math.max(...own), 4);
      expect(radii![id]).toBeGreaterThanOrEqual(Math.max(...own));
    }
  });

  it("tells its progress up to the end, and other work goes on meanwhile", async () => {
    const { vectors } = planted({ n: 4_500, k: 20, d: 24, spread: 0.5, seed: 3 });
    let [running, turns] = [true, 0];
    const count = (): void => {
      turns++;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    const shares: number[] = [];
    const { k } = await hdbscan.fit(vectors, 24, {
      k: "auto",
      seed: 1,
      hdbscan: { minClusterSize: 30 },
      onProgress: (share) => shares.push(share),
    });
    running = false;
    expect(k).toBe(20);
    expect(shares.length).toBeGreaterThan(5);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect([shares[0]! > 0, shares.at(-1)]).toEqual([true, 1]);
    expect(turns).toBeGreaterThan(20);
  });

  it("does not depend on the seed, nor on the order of the vectors", async () => {
    const { vectors } = planted({ n: 90, k: 3, d: 8, spread: 0.4, seed: 6 });
    const reversed = new Float32Array(vectors.length);
    for (let row = 0; row < 90; row++) reversed.set(vectors.subarray(row * 8, row * 8 + 8), (89 - row) * 8);
    const [a, b, back] = await Promise.all([
      hdbscan.fit(vectors, 8, { k: "auto", seed: 1 }),
      hdbscan.fit(vectors, 8, { k: "auto", seed: 2 }),
      hdbscan.fit(reversed, 8, { k: "auto", seed: 1 }),
    ]);
    expect(a).toEqual(b);
    expect(adjustedRand(a.labels, back.labels.toReversed())).toBe(1);
  });
});
