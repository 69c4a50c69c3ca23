import { byScore, noOptions } from "./order.ts";
import type { Reranker } from "./reranker.ts";

/** Plain top-k: by score alone. */
export const none: Reranker = {
  reorders: true,
  options: noOptions,
  rerank: (hits) => [...hits].sort(byScore),
};
