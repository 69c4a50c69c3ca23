import type { RerankModule } from "../custom.ts";

/**
 * Newer documents first where hits are nearly as good: to a hit's score, scaled to 0–1 over the candidates, it adds a
 * bonus of 1 that halves every `halfLifeDays` (30). "Now" is the newest candidate, so that the same candidates always
 * give the same order.
 *
 * kettle.yml: `search: { custom: { recency: lib/rerank/examples/recency.ts } }`
 * request:    `{"query": "…", "rerank": {"name": "custom:recency", "halfLifeDays": 7}}`
 */
export const rerank: RerankModule["rerank"] = (hits, { options }) => {
  const halfLifeDays = options.halfLifeDays ?? 30;
  if (typeof halfLifeDays !== "number" || !(halfLifeDays > 0))
    throw new TypeError("halfLifeDays must be a positive number");
  const newest = Math.max(...hits.map((hit) => hit.ingestedAt));
  const best = Math.max(...hits.map((hit) => hit.score));
  const worst = Math.min(...hits.map((hit) => hit.score));
  const weight = (hit: (typeof hits)[number]): number => {
    const days = (newest - hit.ingestedAt) / 86_400_000;
    return (hit.score - worst) / (best - worst || 1) + 0.5 ** (days / halfLifeDays);
  };
  // Hits come best score first and `sort` is stable, so equal weights stay in the order of their scores.
  return [...hits].sort((a, b) => weight(b) - weight(a));
};
