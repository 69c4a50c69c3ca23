import { noOptions, orderGroups } from "./order.ts";
import type { Reranker } from "./reranker.ts";

/** Clusters with more candidates first; within a cluster, by score. */
export const clusterSize: Reranker = {
  reorders: true,
  options: noOptions,
  rerank: (hits) =>
    orderGroups(
      hits,
      (a, b) => b.size - a.size,
      () => 0,
    ),
};
