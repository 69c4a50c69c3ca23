import { chosenProducts } from "../cluster/dot-kernel.ts";
import { joinedRows } from "../cluster/vectors.ts";
import type { ClusteredHit } from "./reranker.ts";

/** Cosines of one of the hits to each of them, in their order; valid until the next call. */
export type SimilarityTo = (index: number) => Float32Array;

/** For greedy choices: only the rows that are asked for are computed, some 20 µs each for 200 hits × 384. */
export const similarityTo = (hits: readonly ClusteredHit[]): SimilarityTo => {
  const d = hits[0]?.vector.length ?? 0;
  const all = joinedRows(hits.map(({ vector }) => vector));
  const row = new Float32Array(hits.length);
  const products = chosenProducts(all, all, d);
  return (index) => {
    products([index], { from: 0, to: hits.length }, (_, dots) => row.set(dots));
    return row;
  };
};
