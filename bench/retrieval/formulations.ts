import { z } from "zod";
import { byScore } from "../../lib/rerank/order.ts";
import { cosines, standardised } from "../../lib/rerank/relevance.ts";
import type { ClusteredHit, RerankContext, Reranker } from "../../lib/rerank/reranker.ts";

/**
 * Formulations that `balanced` was measured against and that lost (docs/balance.md). Each fills a budget as `balanced`
 * does, so that what differs is the choice alone.
 */
type Choice = {
  readonly hits: readonly ClusteredHit[];
  readonly pairs: Float32Array;
  /** Scores of e to the power of the standard score: a stand-in for how likely a hit is to be relevant. */
  readonly relevance: Float64Array;
  /** Indices taken so far. */
  readonly taken: readonly number[];
};

type Gain = (index: number, choice: Choice) => number;

/** The index of most gain among those that fit; the others are closed for good. −1: none fits. */
const nextOf = (open: Set<number>, left: number, choice: Choice, gain: Gain): number => {
  let best = -1;
  let most = Number.NEGATIVE_INFINITY;
  for (const index of open) {
    const fits = (choice.hits[index]?.tokens ?? 0) <= left;
    if (!fits) open.delete(index);
    const value = fits ? gain(index, choice) : Number.NEGATIVE_INFINITY;
    if (value > most) [best, most] = [index, value];
  }
  return best;
};

const greedy = (gain: Gain): Reranker => ({
  reorders: false,
  options: z.record(z.string(), z.unknown()),
  rerank: (given, { query, topK, budgetTokens }: RerankContext) => {
    const hits = [...given].sort(byScore);
    const relevance = standardised(hits.map(({ score }) => score)).map(Math.exp);
    const taken: number[] = [];
    const choice: Choice = { hits, pairs: cosines(hits, query).pairs, relevance, taken };
    const open = new Set(hits.keys());
    let left = budgetTokens ?? Number.POSITIVE_INFINITY;
    while (taken.length < topK) {
      const best = nextOf(open, left, choice, gain);
      if (best < 0) break;
      open.delete(best);
      taken.push(best);
      left -= hits[best]?.tokens ?? 0;
    }
    return taken.flatMap((index) => hits[index] ?? []);
  },
});

const nearestTaken = (index: number, { pairs, hits, taken }: Choice): number =>
  taken.reduce((most, other) => Math.max(most, pairs[index * hits.length + other] ?? 0), -1);

/** Relevance × what of the distance to the taken is left (in shares of .13, e5's usual distance of two passages). */
const novelty = (power: number): Reranker =>
  greedy((i, choice) => {
    const distance = Math.min(1, Math.max(0, (1 - nearestTaken(i, choice)) / 0.13));
    return (choice.relevance[i] ?? 0) * distance ** power;
  });

/** Relevance × (1 − share) for each hit already taken of its cluster: the clusters as aspects (after xQuAD, PM-2). */
const aspects = (share: number): Reranker =>
  greedy((i, { hits, relevance, taken }) => {
    const cluster = hits[i]?.cluster.id;
    const before = taken.filter((other) => hits[other]?.cluster.id === cluster).length;
    return (relevance[i] ?? 0) * (1 - share) ** before;
  });

/** Facility location: how much nearer all candidates, weighted by relevance, come to what is taken. */
const facility: Reranker = greedy((i, choice) => {
  const { hits, pairs, relevance } = choice;
  const n = hits.length;
  let gain = 0;
  for (let j = 0; j < n; j++) {
    const covered = Math.max(0.85, nearestTaken(j, choice));
    gain += (relevance[j] ?? 0) * Math.max(0, (pairs[i * n + j] ?? 0) - covered);
  }
  return gain;
});

/** Dartboard (arXiv 2407.12101): the same coverage, by a Gaussian of the distance. */
const dartboard = (sigma: number): Reranker => {
  const near = (cosine: number): number => Math.exp(-((1 - cosine) ** 2) / (2 * sigma ** 2));
  return greedy((i, choice) => {
    const { hits, pairs, relevance, taken } = choice;
    const n = hits.length;
    let gain = 0;
    for (let j = 0; j < n; j++) {
      const before = taken.length === 0 ? 0 : near(nearestTaken(j, choice));
      gain += (relevance[j] ?? 0) * Math.max(0, near(pairs[i * n + j] ?? 0) - before);
    }
    return gain;
  });
};

export const formulations: Readonly<Record<string, Reranker>> = {
  "novelty-half": novelty(0.5),
  novelty: novelty(1),
  "aspects-10": aspects(0.1),
  "aspects-30": aspects(0.3),
  facility,
  dartboard: dartboard(0.03),
};
