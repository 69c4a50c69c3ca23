import type { ClusteredHit } from "../rerank/reranker.ts";
import type { ScoredChunk } from "../scored-chunk.ts";
import type { SearchAnswer, SearchHit } from "./search.ts";
import { parentView } from "./search-parents.ts";

/** What a search found, before it is written as an answer. */
type Ranked = {
  readonly hits: readonly ClusteredHit[];
  /** What was left out for a hit, by its id. */
  readonly copies: ReadonlyMap<string, readonly ScoredChunk[]>;
  /** What a hit with its parent's text stands for, by its id. */
  readonly children: ReadonlyMap<string, readonly ScoredChunk[]>;
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

/** A flood of copies need not flood the answer. */
const mostPlaces = 20;

const copiesOf = (copies: readonly ScoredChunk[]): Pick<SearchHit, "duplicates" | "alsoIn"> =>
  copies.length === 0
    ? {}
    : {
        duplicates: copies.length,
        alsoIn: copies
          .slice(0, mostPlaces)
          .map(({ id, documentId, key, page }) => ({ id, documentId, key, page })),
      };

const hitOf = (hit: ClusteredHit, index: number, { copies, children }: Ranked): SearchHit => ({
  id: hit.id,
  rank: index + 1,
  score: hit.score,
  text: hit.text,
  modality: hit.modality,
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
  ...parentView(hit, children.get(hit.id) ?? []),
  ...copiesOf(copies.get(hit.id) ?? []),
});

export const answerOf = (ranked: Ranked, timings: SearchAnswer["timings"]): SearchAnswer => ({
  hits: ranked.hits.map((hit, index) => hitOf(hit, index, ranked)),
  clusters: [...Map.groupBy(ranked.hits, (hit) => hit.cluster).entries()].map(([cluster, members]) => ({
    id: cluster.id,
    size: cluster.size,
    centerDistance: cluster.centerDistance,
    hitIds: members.map(({ id }) => id),
  })),
  clusterVersion: ranked.clusterVersion,
  tokens: totalTokens(ranked.hits),
  plainTokens: ranked.plainTokens,
  timings,
});

export const nothingFound = (timings: SearchAnswer["timings"]): SearchAnswer =>
  answerOf({ hits: [], copies: new Map(), children: new Map(), clusterVersion: 0, plainTokens: 0 }, timings);
