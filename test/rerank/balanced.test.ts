import { describe, expect, it } from "vitest";
import { balanced } from "../../lib/rerank/balanced.ts";
import { ofNeighbours, standardised, termsOf, wordScores } from "../../lib/rerank/relevance.ts";
import type { ClusteredHit, RerankContext } from "../../lib/rerank/reranker.ts";
import { context, hit } from "./hits.ts";

const unit = (degrees: number): Float32Array =>
  Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));

/** A hit so many degrees from the question; its score is the cosine. */
const at = (id: string, degrees: number, more: Partial<ClusteredHit> = {}): ClusteredHit => ({
  ...hit({ id, score: Math.cos((degrees * Math.PI) / 180), cluster: 0 }),
  vector: unit(degrees),
  ...more,
});

const question = (d: number): Float32Array => Float32Array.from({ length: d }, (_, i) => (i === 0 ? 1 : 0));
/** A hit of that cosine to the question which has nothing else in common with others. */
const alike = (id: string, cosine: number, own: number): ClusteredHit => {
  const vector = Float32Array.from({ length: 14 }, (_, i) =>
    i === 0 ? cosine : i === own + 1 ? Math.sqrt(1 - cosine ** 2) : 0,
  );
  return at(id, 0, { score: cosine, vector });
};

/** By score alone, unless a test says otherwise. */
const alone = { words: 0, neighbours: 0 };
const order = async (hits: readonly ClusteredHit[], more: Partial<RerankContext> = {}): Promise<string> =>
  (await balanced.rerank(hits, context({ options: alone, ...more }))).map(({ id }) => id).join(" ");

const spread = [at("a", 20), at("b", -30), at("c", 40), at("d", -50), at("e", 60)];

describe("balanced", () => {
  it("gives near-copies once, the best-scored of each", async () => {
    const copies = [at("a2", 20.5), at("a3", 21), at("c2", 40.4)];
    expect(await order([...spread, ...copies])).toBe("a b c d e");
  });

  it("gives one of many copies even when there is nothing else", async () => {
    const copies = Array.from({ length: 10 }, (_, i) => at(`copy-${i}`, 20 + i / 10));
    expect(await order(copies)).toBe("copy-0");
  });

  it("fills a budget with what fits instead of ending at what does not", async () => {
    const [a, b, c, d, e] = [100, 300, 120, 80, 50].map((tokens, i) => ({ ...spread[i]!, tokens }));
    const hits = [a!, b!, c!, d!, e!];
    expect(await order(hits, { budgetTokens: 300 })).toBe("a c d");
    expect(await order(hits, { budgetTokens: 99 })).toBe("d");
    expect(await order(hits, { budgetTokens: 10 })).toBe("");
  });

  it("ends where relevance falls off, but not within a budget unless it is told to", async () => {
    const hits = [..."abcdefghijklm"].map((id, i) => alike(id, i === 0 ? 0.95 : 0.3, i));
    const query = question(14);
    const all = "a b c d e f g h i j k l m";
    expect(await order(hits, { query })).toBe("a");
    expect(await order(hits, { query, budgetTokens: 10_000, topK: 20 })).toBe(all);
    expect(await order(hits, { query, budgetTokens: 10_000, options: { ...alone, stop: 3 } })).toBe("a");
    expect(await order(hits, { query, options: { ...alone, stop: null }, topK: 3 })).toBe("a b c");
  });

  it("prefers a hit that has the question's words over one slightly nearer", async () => {
    const hits = [
      at("near", 30, { text: "a text of something else" }),
      at("words", -31, { text: "where kites circle" }),
      at("far", 70, { text: "a text of something else" }),
    ];
    const given = { queryText: "Where do kites nest?" };
    expect(await order(hits, given)).toBe("near words far");
    expect(await order(hits, { ...given, options: { words: 0.5, neighbours: 0 } })).toBe("words near far");
  });

  it("prefers a hit among relevant ones over a loner slightly nearer", async () => {
    // First coordinate: cosine to the question. r is near p and q, the loner is near nobody.
    const vectors = {
      p: [0.8, 0.6, 0, 0],
      q: [0.7, 0.4, 0.592, 0],
      loner: [0.6, -0.3, 0, 0.742],
      r: [0.59, 0.5, -0.634, 0],
      s: [0.3, 0, -0.2, -0.933],
    };
    const hits = Object.entries(vectors).map(([id, [score = 0, ...rest]]) =>
      at(id, 0, { score, vector: Float32Array.of(score, ...rest) }),
    );
    const query = question(4);
    expect(await order(hits, { query })).toBe("p q loner r s");
    expect(await order(hits, { query, options: { words: 0, neighbours: 0.8 } })).toMatch(/r .*loner/);
  });
});

describe("relevance", () => {
  it("standard scores have mean 0 and deviation 1; equal values are 0", () => {
    expect([...standardised([1, 2, 3])]).toEqual([expect.closeTo(-1.2247, 4), 0, expect.closeTo(1.2247, 4)]);
    expect([...standardised([5, 5])]).toEqual([0, 0]);
  });

  it("looks for words without their plural's s, and for pairs of ideographs", () => {
    expect(termsOf("What is the lift of wings?")).toEqual(["lift", "wing"]);
    expect(termsOf("Is an AI a wing?")).toEqual(["ai", "wing"]);
    expect(termsOf("绿茶为什么苦")).toEqual(["绿茶", "茶为", "为什", "什么", "么苦"]);
  });

  it("word scores are BM25 over the candidates", () => {
    // Mean length 6; "wing" stands twice in the first of three: idf ln(1 + 2.5/1.5), weight 2·2.2 / (2 + 1.2·(.25 + .75·9/6)).
    const [first, second] = wordScores("wings", ["wingswing", "kiteee", "tea"]);
    expect(first).toBeCloseTo((Math.log(1 + 2.5 / 1.5) * 4.4) / (2 + 1.2 * 1.375), 6);
    expect(second).toBe(0);
    const [short, none] = wordScores("AI", ["an AI", "tea"]);
    expect([short! > 0, none]).toEqual([true, 0]);
  });

  it("a neighbourhood is the mean of the nearest others, weighted by how near they are", () => {
    // Of the first: cosines .9 and .7 to the others, .6 is typical: (.3 · 4 + .1 · 8) / .4 = 5; of one alone, 4.
    const pairs = Float32Array.of(1, 0.9, 0.7, 0.9, 1, 0.5, 0.7, 0.5, 1);
    const values = Float64Array.of(0, 4, 8);
    expect(ofNeighbours(values, pairs, 2, 0.6)[0]).toBeCloseTo(5, 5);
    expect(ofNeighbours(values, pairs, 1, 0.6)[0]).toBeCloseTo(4, 5);
    expect(ofNeighbours(values, pairs, 2, 0.95)[0]).toBe(0);
  });
});
