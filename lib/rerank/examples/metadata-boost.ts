import type { RerankModule } from "../custom.ts";

/** Only reorders: as many candidates are fetched as hits are wanted. */
export const reorders = true;

/**
 * Prefers hits whose metadata has a value: to a hit's score, scaled to 0–1 over the candidates, it adds `boost` (0.5)
 * where the metadata `field` is, or holds, `value`.
 *
 * kettle.yml: `search: { custom: { metadata-boost: lib/rerank/examples/metadata-boost.ts } }`
 * request:    `{"query": "…", "rerank": {"name": "custom:metadata-boost", "field": "team", "value": "legal"}}`
 */
export const rerank: RerankModule["rerank"] = (hits, { options }) => {
  const { field, value, boost = 0.5 } = options;
  if (typeof field !== "string") throw new TypeError("field must name a metadata key");
  if (typeof boost !== "number") throw new TypeError("boost must be a number");
  const best = Math.max(...hits.map((hit) => hit.score));
  const worst = Math.min(...hits.map((hit) => hit.score));
  const weight = (hit: (typeof hits)[number]): number => {
    const found = hit.metadata[field];
    const matches = Array.isArray(found) ? found.includes(value) : found === value;
    return (hit.score - worst) / (best - worst || 1) + (matches ? boost : 0);
  };
  return [...hits].sort((a, b) => weight(b) - weight(a));
};
