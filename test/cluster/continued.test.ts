import { describe, expect, it } from "vitest";
import { kmeans } from "../../lib/cluster/kmeans.ts";
import { matchClusters } from "../../lib/cluster/match-clusters.ts";
import { minibatchKmeans } from "../../lib/cluster/minibatch-kmeans.ts";
import { takeRows } from "../../lib/cluster/vectors.ts";
import { planted, sameGroups } from "./planted.ts";

const d = 24;
const seed = 7;
/** No gaps between the clusters, as between texts: fresh fits of almost the same vectors differ. */
const { vectors } = planted({ n: 1_500, k: 10, d, spread: 3, seed: 4 });
const rowsOf = (from: number, to: number): Float32Array => vectors.subarray(from * d, to * d);

/** Share of the rows of `before` that lie in what is the same cluster now. */
const keptShare = (before: { labels: Int32Array; k: number }, now: { labels: Int32Array; k: number }) => {
  const n = Math.min(before.labels.length, now.labels.length);
  const [was, is] = [before.labels.slice(0, n), now.labels.slice(0, n)];
  const same = matchClusters(was, is, before.k, now.k);
  return is.reduce((sum, label, row) => sum + (same[label] === was[row] ? 1 / n : 0), 0);
};
const meanDistance = ({ distances }: { distances: Float32Array }): number =>
  distances.reduce((sum, x) => sum + x / distances.length, 0);

for (const [name, model] of Object.entries({ kmeans, "minibatch-kmeans": minibatchKmeans }))
  describe(`${name} that goes on from earlier centroids`, () => {
    it("keeps the clusters of vectors that changed little, where a fresh fit does not", async () => {
      const before = await model.fit(rowsOf(0, 1_400), d, { k: 12, seed });
      const fresh = await model.fit(vectors, d, { k: 12, seed });
      const now = await model.fit(vectors, d, { k: 12, seed, start: before.centroids });
      expect(keptShare(before, now)).toBeGreaterThan(0.8);
      expect(keptShare(before, fresh)).toBeLessThan(0.75);
      expect(meanDistance(now)).toBeLessThan(1.02 * meanDistance(fresh));
    });

    it("gives a new subject a cluster of its own", async () => {
      const six = planted({ n: 1_200, k: 6, d, spread: 0.5, seed: 9 });
      const known = [...six.truth.keys()].filter((row) => (six.truth[row] ?? 0) < 5);
      const before = await model.fit(takeRows(six.vectors, d, known), d, { k: 5, seed });
      const now = await model.fit(six.vectors, d, { k: 6, seed, start: before.centroids });
      expect(sameGroups(now.labels, six.truth)).toBe(true);
    });

    it("with as many clusters as before gives up the one that is missed least for a new subject", async () => {
      const six = planted({ n: 1_200, k: 6, d, spread: 0.5, seed: 9 });
      const known = [...six.truth.keys()].filter((row) => (six.truth[row] ?? 0) < 5);
      const left = [...six.truth.keys()].filter((row) => six.truth[row] !== 0);
      const before = await model.fit(takeRows(six.vectors, d, known), d, { k: 5, seed });
      const now = await model.fit(takeRows(six.vectors, d, left), d, { k: 5, seed, start: before.centroids });
      expect(
        sameGroups(
          now.labels,
          left.map((row) => six.truth[row] ?? -1),
        ),
      ).toBe(true);
    });

    it("with fewer clusters merges, the others stay", async () => {
      const six = planted({ n: 1_200, k: 6, d, spread: 0.5, seed: 9 });
      const before = await model.fit(six.vectors, d, { k: 6, seed });
      const now = await model.fit(six.vectors, d, { k: 4, seed, start: before.centroids });
      const whole = Array.from({ length: 6 }, (_, id) => {
        const labels = new Set([...now.labels].filter((_, row) => before.labels[row] === id));
        return labels.size === 1;
      });
      expect(now.k).toBe(4);
      expect(whole.filter(Boolean).length).toBeGreaterThanOrEqual(4);
    });

    it("auto keeps their number while it suits as many vectors, and chooses again when it does not", async () => {
      const before = await model.fit(rowsOf(0, 1_400), d, { k: 33, seed });
      const now = await model.fit(vectors, d, { k: "auto", seed, start: before.centroids });
      expect(now.k).toBe(33);
      const few = await model.fit(vectors, d, {
        k: "auto",
        seed,
        start: before.centroids.subarray(0, 3 * d),
      });
      expect(few.k).toBeGreaterThan(15);
    });

    it("is the same each time", async () => {
      const start = (await model.fit(rowsOf(0, 700), d, { k: 12, seed })).centroids;
      const again = () => model.fit(vectors, d, { k: 14, seed, start });
      expect(await again()).toEqual(await again());
    });

    it("of copies of few vectors ends, with as many clusters as there are vectors", async () => {
      const start = (await model.fit(rowsOf(0, 700), d, { k: 12, seed })).centroids;
      const copies = takeRows(
        vectors,
        d,
        Array.from({ length: 300 }, (_, row) => row % 3),
      );
      const { k, labels } = await model.fit(copies, d, { k: 12, seed, start });
      expect(k).toBe(3);
      expect(
        sameGroups(
          labels,
          Array.from(labels, (_, row) => row % 3),
        ),
      ).toBe(true);
    });

    it("an abort ends it", async () => {
      const start = rowsOf(0, 12);
      const fit = model.fit(vectors, d, {
        k: 12,
        seed,
        start,
        signal: AbortSignal.abort(new Error("enough")),
      });
      await expect(fit).rejects.toThrow("enough");
    });
  });
