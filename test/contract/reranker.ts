import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClusteredHit, Reranker } from "../../lib/rerank/reranker.ts";
import { context, hit, workedExample } from "../rerank/hits.ts";

/** Hits of a few clusters (negative: noise), with scores and distances that often tie, best score first. */
export const clusteredHits: fc.Arbitrary<readonly ClusteredHit[]> = fc
  .record({
    clusters: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5 }),
    hits: fc.array(
      fc.record({ cluster: fc.nat(5), score: fc.integer({ min: -3, max: 3 }), distance: fc.nat(3) }),
      { maxLength: 25 },
    ),
  })
  .map(({ clusters, hits }) => {
    const labels = hits.map(({ cluster }, i) => (cluster < clusters.length ? cluster : -1 - i));
    const made = hits.map(({ score, distance }, i) =>
      hit({
        id: `h${(i * 7) % 26}-${i}`,
        score: score / 4,
        cluster: labels[i]!,
        size: labels.filter((label) => label === labels[i]).length,
        centre: 20 * (clusters[labels[i]!] ?? i % 5),
        clusterDistance: labels[i]! < 0 ? 0 : distance / 8,
      }),
    );
    return made.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  });

const ids = (hits: readonly ClusteredHit[]): string[] => hits.map(({ id }) => id);
const runs = { numRuns: 200, seed: 20_261_102 };

/** What every driver of the Reranker port must do. */
export const rerankerContract = (name: string, reranker: Reranker): void => {
  describe(`reranker contract: ${name}`, () => {
    it("gives nothing for nothing", async () => {
      expect(await reranker.rerank([], context())).toEqual([]);
    });

    it("gives hits of its input, each at most once; each exactly once if it only reorders", async () => {
      await fc.assert(
        fc.asyncProperty(clusteredHits, async (hits) => {
          const answer = await reranker.rerank(hits, context());
          expect(new Set(answer).size).toBe(answer.length);
          for (const kept of answer) expect(hits).toContain(kept);
          if (reranker.reorders) expect(answer.length).toBe(hits.length);
        }),
        runs,
      );
    });

    it("gives the same order however its input is shuffled", async () => {
      const shuffled = clusteredHits.chain((hits) =>
        fc.tuple(fc.constant(hits), fc.shuffledSubarray([...hits], { minLength: hits.length })),
      );
      await fc.assert(
        fc.asyncProperty(shuffled, async ([hits, others]) => {
          expect(ids(await reranker.rerank(others, context()))).toEqual(
            ids(await reranker.rerank(hits, context())),
          );
        }),
        runs,
      );
    });

    it("leaves its input alone", async () => {
      const hits = Object.freeze(workedExample().map((one) => Object.freeze(one)));
      const before = ids(hits);
      await reranker.rerank(hits, context());
      expect(ids(hits)).toEqual(before);
    });

    it("takes a single hit, one cluster, and noise alone", async () => {
      const one = [hit({ id: "a", score: 1, cluster: 0 })];
      expect(await reranker.rerank(one, context())).toEqual(one);
      const together = ["a", "b", "c"].map((id, i) => hit({ id, score: -i, cluster: 0, size: 3 }));
      expect((await reranker.rerank(together, context()))[0]?.id).toBe("a");
      const noise = ["a", "b", "c"].map((id, i) => hit({ id, score: -i, cluster: -1 - i, centre: i }));
      expect((await reranker.rerank(noise, context()))[0]?.id).toBe("a");
    });

    it("refuses options that it does not know, unless it is a user's own", () => {
      const refused = !reranker.options.safeParse({ "no-such-option": 1 }).success;
      expect(refused).toBe(!name.startsWith("custom:"));
    });
  });
};
