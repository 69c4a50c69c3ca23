import { noOptions, orderGroups } from "./order.ts";
import type { Reranker } from "./reranker.ts";

/** Clusters whose centre is nearer to the question first; within a cluster, by score. */
export const clusterCenter: Reranker = {
  reorders: true,
  options: noOptions,
  rerank: (hits) =>
    orderGroups(
      hits,
      (a, b) => a.centerDistance - b.centerDistance,
      () => 0,
    ),
};
