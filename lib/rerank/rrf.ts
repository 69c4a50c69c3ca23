import { byScore, noOptions } from "./order.ts";
import type { ClusteredHit, Reranker } from "./reranker.ts";

/** The constant of Cormack, Clarke & Büttcher, SIGIR 2009. */
const rankConstant = 60;

/**
 * Reciprocal rank fusion of two orders: by score, and by the distance of the hit's cluster to the question (equal ones by
 * score): Σ 1 / (60 + rank).
 */
export const rrf: Reranker = {
  reorders: true,
  options: noOptions,
  rerank: (hits) => {
    const byCentre = (a: ClusteredHit, b: ClusteredHit): number =>
      a.cluster.centerDistance - b.cluster.centerDistance || byScore(a, b);
    const fused = new Map<ClusteredHit, number>();
    for (const order of [byScore, byCentre])
      for (const [index, hit] of [...hits].sort(order).entries())
        fused.set(hit, (fused.get(hit) ?? 0) + 1 / (rankConstant + index + 1));
    return [...hits].sort((a, b) => (fused.get(b) ?? 0) - (fused.get(a) ?? 0) || byScore(a, b));
  },
};
