import { describe, expect, it } from "vitest";
import { bootstrap, mean } from "../../lib/eval/bootstrap.ts";
import { alphaNdcg, cutToTokens, ndcg, recall, tokensOf } from "../../lib/eval/metrics.ts";

/** "a b b" → hits of those groups, 100 tokens each. */
const hits = (groups: string, tokens = 100) =>
  groups
    .split(" ")
    .filter(Boolean)
    .map((group) => ({ group, tokens }));
const relevant = new Set(["a", "b", "c"]);

describe("nDCG", () => {
  it.each([
    // Ideal of three relevant groups: 1 + 1/log₂3 + 1/log₂4 = 1 + .63093 + .5 = 2.13093.
    ["a b c", 10, 1],
    ["x a y b", 10, (0.63093 + 0.43068) / 2.13093],
    ["a x b", 2, 1 / 1.63093],
    ["a a b", 10, (1 + 0.5) / 2.13093],
    ["x y", 10, 0],
    ["", 10, 0],
  ])("of %s at %i is %f", (order, k, expected) => {
    expect(ndcg(hits(order), relevant, k)).toBeCloseTo(expected, 4);
  });

  it("is 0 where nothing is relevant", () => {
    expect(ndcg(hits("a b"), new Set(), 10)).toBe(0);
    expect(recall(hits("a b"), new Set(), 10)).toBe(0);
    expect(alphaNdcg(hits("a b"), new Set(), 10)).toBe(0);
  });
});

describe("recall", () => {
  it.each([
    ["a x b", 3, 2 / 3],
    ["a x b", 2, 1 / 3],
    ["a a a", 3, 1 / 3],
  ])("of %s at %i is %f", (order, k, expected) => {
    expect(recall(hits(order), relevant, k)).toBeCloseTo(expected, 10);
  });

  it("within a budget counts hits until the next would exceed it, even if a later one would fit", () => {
    const order = [...hits("a", 100), ...hits("x", 160), ...hits("b", 40), ...hits("c", 10)];
    expect(cutToTokens(order, 260).map(({ group }) => group)).toEqual(["a", "x"]);
    expect(cutToTokens(order, 259).map(({ group }) => group)).toEqual(["a"]);
    expect(cutToTokens(order, 99)).toEqual([]);
    expect(cutToTokens(order, 1_000)).toEqual(order);
    expect(tokensOf(order)).toBe(310);
  });
});

describe("α-nDCG over near-copies", () => {
  const sizes = new Map([
    ["a", 3],
    ["b", 1],
  ]);
  const two = new Set(["a", "b"]);

  it.each([
    // Ideal: a, b, second a (½), third a (¼): 1 + .63093 + .5·.5 + .25·.43068 = 1.98860.
    ["a b a a", 1],
    // Copies first: 1 + .5·.63093 + .25·.5 + .43068 = 1.87114.
    ["a a a b", 1.87114 / 1.9886],
    ["x a", 0.63093 / 1.9886],
  ])("of %s", (order, expected) => {
    expect(alphaNdcg(hits(order), two, 10, { sizes })).toBeCloseTo(expected, 4);
  });

  it("is nDCG where every group has one passage, whatever α", () => {
    for (const order of ["x a y b", "c b a", "x y z a"])
      for (const alpha of [0, 0.5, 0.9])
        expect(alphaNdcg(hits(order), relevant, 3, { alpha })).toBeCloseTo(
          ndcg(hits(order), relevant, 3),
          12,
        );
  });
});

describe("bootstrap", () => {
  it("of equal values has no width; of none it is 0", () => {
    expect(bootstrap([0.3, 0.3, 0.3])).toEqual({
      mean: expect.closeTo(0.3),
      low: expect.closeTo(0.3),
      high: expect.closeTo(0.3),
    });
    expect(bootstrap([])).toEqual({ mean: 0, low: 0, high: 0 });
  });

  it("of a coin's tosses is about ± 1.96 standard errors, and the same each time", () => {
    const tosses = Array.from({ length: 400 }, (_, i) => i % 2);
    const { mean: middle, low, high } = bootstrap(tosses);
    // Standard error √(.25 / 400) = .025.
    expect(middle).toBe(0.5);
    expect(high - low).toBeGreaterThan(0.088);
    expect(high - low).toBeLessThan(0.108);
    expect(bootstrap(tosses)).toEqual(bootstrap(tosses));
    expect(mean([1, 2, 6])).toBe(3);
  });
});
