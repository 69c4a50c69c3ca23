import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configSchema, rerankNames } from "../../lib/config/schema.ts";
import { customReranker } from "../../lib/rerank/custom.ts";
import * as metadataBoost from "../../lib/rerank/examples/metadata-boost.ts";
import * as recency from "../../lib/rerank/examples/recency.ts";
import { type RerankerName, rerankerNames, rerankers } from "../../lib/rerank/registry.ts";
import { clusteredHits, rerankerContract } from "../contract/reranker.ts";
import { context, hit, workedExample } from "./hits.ts";

const order = async (name: RerankerName, hits = workedExample()): Promise<string> =>
  (await rerankers[name].rerank(hits, context())).map(({ id }) => id).join(" ");

for (const [name, reranker] of Object.entries(rerankers)) rerankerContract(name, reranker);
for (const [name, module] of Object.entries({ recency, "metadata-boost": metadataBoost })) {
  const options = { name, path: `lib/rerank/examples/${name}.ts`, timeoutMs: 1_000 };
  const { reorders, options: schema, rerank } = customReranker(module, options);
  const asked = { options: { field: "team", value: "legal" } };
  rerankerContract(`custom:${name}`, {
    reorders,
    options: schema,
    rerank: (hits, given) => rerank(hits, { ...given, ...asked }),
  });
}

describe("the worked example of the design", () => {
  it("has its cluster's centre at 30.3 degrees", () => {
    const centre = workedExample()[0]?.cluster.centroid ?? [];
    expect((Math.atan2(centre[1]!, centre[0]!) * 180) / Math.PI).toBeCloseTo(30.3, 1);
  });

  it.each([
    ["none", "a d f b c"],
    ["distance", "b c a d f"],
    ["cluster-size", "a b c d f"],
    ["cluster-center", "d f a b c"],
    // Ranks by score a d f b c, by centre d f a b c; d: 1/62 + 1/61 > a: 1/61 + 1/63 > f: 1/63 + 1/62.
    ["rrf", "d a f b c"],
  ] as const)("%s gives %s", async (name, expected) => {
    expect(await order(name)).toBe(expected);
  });

  it("noise is no cluster: two noise points of the same candidates stay apart", async () => {
    const hits = [
      hit({ id: "noise-1", score: 0.9, cluster: -1 }),
      hit({ id: "x", score: 0.8, cluster: 0, size: 2 }),
      hit({ id: "noise-2", score: 0.7, cluster: -2 }),
      hit({ id: "y", score: 0.6, cluster: 0, size: 2 }),
    ];
    expect(await order("distance", hits)).toBe("noise-1 x y noise-2");
    expect(await order("cluster-size", hits)).toBe("x y noise-1 noise-2");
  });
});

describe("ties", () => {
  it("equal clusters go by their best hit, then by its id", async () => {
    const hits = [
      hit({ id: "d", score: 0.5, cluster: 3, size: 2 }),
      hit({ id: "c", score: 0.5, cluster: 1, size: 2 }),
      hit({ id: "b", score: 0.4, cluster: 3, size: 2 }),
      hit({ id: "a", score: 0.4, cluster: 1, size: 2 }),
      hit({ id: "e", score: 0.9, cluster: 2, size: 1, centre: 10 }),
    ];
    expect(await order("cluster-size", hits)).toBe("c a d b e");
    expect(await order("cluster-center", hits)).toBe("c a d b e");
    expect(await order("distance", hits)).toBe("e c a d b");
  });

  it("within a cluster, equal distances go by score, equal scores by id", async () => {
    const hits = ["c", "b", "a"].map((id) =>
      hit({ id, score: id === "c" ? 0.9 : 0.5, cluster: 0, size: 3, clusterDistance: 0.1 }),
    );
    expect(await order("distance", hits)).toBe("c a b");
  });
});

const grouping = ["distance", "cluster-size", "cluster-center"] as const;

describe("the rerankers that group", () => {
  it.each(grouping)("%s keeps clusters together", async (name) => {
    await fc.assert(
      fc.asyncProperty(clusteredHits, async (hits) => {
        const clusters = (await rerankers[name].rerank(hits, context())).map((one) => one.cluster.id);
        const starts = clusters.filter((id, i) => id !== clusters[i - 1]);
        expect(new Set(starts).size).toBe(starts.length);
      }),
      { numRuns: 300, seed: 20_261_103 },
    );
  });

  it("is a name that kettle.yml knows, and its default is one of them", () => {
    for (const name of rerankerNames) expect(rerankNames).toContain(name);
    expect(rerankerNames).toContain(configSchema.parse({}).search.rerank);
  });
});

describe("the examples", () => {
  const day = 86_400_000;

  it("recency puts a new hit above a slightly better old one, and a much better old one above a new one", async () => {
    const at = (days: number) => ({ ingestedAt: Date.UTC(2026, 10, 1) - days * day });
    const nearly = [
      { ...hit({ id: "old", score: 0.9, cluster: 0 }), ...at(60) },
      { ...hit({ id: "new", score: 0.85, cluster: 1 }), ...at(0) },
      { ...hit({ id: "poor", score: 0.2, cluster: 2 }), ...at(60) },
    ];
    const ids = (hits: unknown) => (hits as { id: string }[]).map(({ id }) => id).join(" ");
    expect(ids(recency.rerank(nearly, context()))).toBe("new old poor");
    const patient = context({ options: { halfLifeDays: 3650 } });
    expect(ids(recency.rerank(nearly, patient))).toBe("old new poor");
    expect(() => recency.rerank(nearly, context({ options: { halfLifeDays: 0 } }))).toThrow("halfLifeDays");
  });

  it("metadata boost prefers hits whose metadata is, or holds, the value", async () => {
    const hits = [
      hit({ id: "a", score: 0.9, cluster: 0 }),
      { ...hit({ id: "b", score: 0.8, cluster: 0 }), metadata: { team: "legal" } },
      { ...hit({ id: "c", score: 0.7, cluster: 0 }), metadata: { team: ["sales", "legal"] } },
      hit({ id: "d", score: 0.5, cluster: 0 }),
    ];
    const answer = metadataBoost.rerank(hits, context({ options: { field: "team", value: "legal" } }));
    expect((answer as typeof hits).map(({ id }) => id).join(" ")).toBe("b a c d");
    expect(metadataBoost.reorders).toBe(true);
    expect(() => metadataBoost.rerank(hits, context())).toThrow("field");
  });
});
