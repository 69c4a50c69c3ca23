import type { ClusteredHit } from "../rerank/reranker.ts";
import type { SearchAnswer, SearchHit } from "./search.ts";

/** What a search found, before it is written as an answer. */
type Ranked = {
  readonly hits: readonly ClusteredHit[];
  readonly clusterVersion: number;
  readonly plainTokens: number;
};

export const totalTokens = (hits: readonly { readonly tokens: number }[]): number =>
  hits.reduce((sum, { tokens }) => sum + tokens, 0);

/** Hits in order until the next would exceed the budget. */
export const withinBudget = (
  hits: readonly ClusteredHit[],
  budget: number | null,
): readonly ClusteredHit[] => {
  if (budget === null) return hits;
  let spent = 0;
  const end = hits.findIndex(({ tokens }) => {
    spent += tokens;
    return spent > budget;
  });
  return end < 0 ? hits : hits.slice(0, end);
};

const hitOf = (hit: ClusteredHit, index: number): SearchHit => ({
  id: hit.id,
  rank: index + 1,
  score: hit.score,
  text: hit.text,
  documentId: hit.documentId,
  key: hit.key,
  page: hit.page,
  heading: hit.heading,
  charStart: hit.charStart,
  charEnd: hit.charEnd,
  clusterId: hit.cluster.id,
  clusterDistance: hit.clusterDistance,
  quality: hit.quality,
  metadata: hit.metadata,
});

export const answerOf = (
  { hits, clusterVersion, plainTokens }: Ranked,
  timings: SearchAnswer["timings"],
): SearchAnswer => ({
  hits: hits.map(hitOf),
  clusters: [...Map.groupBy(hits, (hit) => hit.cluster).entries()].map(([cluster, members]) => ({
    id: cluster.id,
    size: cluster.size,
    centerDistance: cluster.centerDistance,
    hitIds: members.map(({ id }) => id),
  })),
  clusterVersion,
  tokens: totalTokens(hits),
  plainTokens,
  timings,
});
