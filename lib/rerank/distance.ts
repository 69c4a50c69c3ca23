import { noOptions, orderGroups } from "./order.ts";
import type { Reranker } from "./reranker.ts";

/** Clusters in the order of their best hit; within a cluster, hits nearer to its centre first. */
export const distance: Reranker = {
  reorders: true,
  options: noOptions,
  rerank: (hits) =>
    orderGroups(
      hits,
      () => 0,
      (a, b) => a.clusterDistance - b.clusterDistance,
    ),
};
