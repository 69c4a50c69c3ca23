import { byScore, noOptions } from "./order.ts";
import type { Reranker } from "./reranker.ts";

/** By a model that reads question and text together: slow, a run of the model for each candidate. */
export const crossEncoder: Reranker = {
  reorders: false,
  options: noOptions,
  rerank: async (hits, { queryText, scorePairs, signal }) => {
    if (hits.length === 0) return [];
    const sorted = [...hits].sort(byScore);
    const texts = sorted.map(({ text }) => text);
    const scores = await scorePairs(queryText, texts);
    signal.throwIfAborted();
    const score = new Map(sorted.map((hit, i) => [hit, scores[i] ?? 0]));
    return sorted.toSorted((a, b) => (score.get(b) ?? 0) - (score.get(a) ?? 0));
  },
};
