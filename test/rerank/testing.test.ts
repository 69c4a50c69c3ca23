import { describe, expect, it } from "vitest";
import * as metadataBoost from "../../lib/rerank/examples/metadata-boost.ts";
import * as recency from "../../lib/rerank/examples/recency.ts";
import type { ClusteredHit } from "../../lib/rerank/reranker.ts";
import { checkReranker, clusteredHit, randomHits, rerankContext } from "../../lib/rerank/testing.ts";

describe("the check for rerankers of one's own", () => {
  it("passes the examples that ship", async () => {
    await checkReranker(recency);
    await checkReranker(metadataBoost, { options: { field: "team", value: "legal" } });
  });

  let calls = 0;
  it.each<[string, object, RegExp]>([
    [
      "drops hits but says that it only reorders",
      { reorders: true, rerank: (hits: ClusteredHit[]) => hits.slice(1) },
      /keeps 0 of 1 hits/,
    ],
    [
      "changes its mind",
      { rerank: (hits: ClusteredHit[]) => (calls++ % 2 === 0 ? hits : hits.slice(1)) },
      /and then/,
    ],
    ["adds a hit", { rerank: (hits: ClusteredHit[]) => [...hits, { id: "new" }] }, /new, which is not a hit/],
    ["never ends", { rerank: () => new Promise(() => {}) }, /took longer than 30 ms/],
    ["is no module", {}, /must export a function/],
  ])("fails one that %s", async (_, module, message) => {
    await expect(checkReranker(module, { timeoutMs: 30 })).rejects.toThrow(message);
  });
});

describe("hits for tests", () => {
  it("are best first, in clusters whose sizes add up, and the same each time", () => {
    const hits = randomHits(40, 3);
    expect(hits.map(({ score }) => score)).toEqual(hits.map(({ score }) => score).sort((a, b) => b - a));
    for (const { cluster } of hits)
      expect(hits.filter((hit) => hit.cluster.id === cluster.id)).toHaveLength(cluster.size);
    expect(hits.some(({ cluster }) => cluster.id < 0)).toBe(true);
    expect(randomHits(40, 3)).toEqual(hits);
  });

  it("take what a test gives", () => {
    const hit = clusteredHit({ id: "a", metadata: { team: "legal" } });
    expect(hit).toMatchObject({ id: "a", key: "a.txt", score: 1, metadata: { team: "legal" } });
    expect(rerankContext({ topK: 3 }).topK).toBe(3);
  });
});
