import type { Centroids } from "../centroids/centroids.ts";
import type { Metadata } from "../chunk-row.ts";
import type { ClusterAlgorithm } from "../cluster/registry.ts";
import type { Config } from "../config/schema.ts";
import type { Embedder } from "../embed/embedder.ts";
import { AppError } from "../errors.ts";
import type { ScorePairs } from "../rerank/reranker.ts";
import type { ScoredChunk } from "../scored-chunk.ts";
import type { Filter } from "../store/filter.ts";
import type { SearchMode, VectorStore } from "../store/store.ts";
import type { CustomRerankers } from "./custom-rerankers.ts";
import { answerOf, nothingFound, totalTokens, withinBudget } from "./search-answer.ts";
import { findCandidates } from "./search-candidates.ts";
import {
  type CandidateLabels,
  clusterHits,
  noLabels,
  publishedLabels,
  queryLabels,
} from "./search-clusters.ts";
import { withParentTexts } from "./search-parents.ts";
import { checkQueryClustering, type SearchSettings, searchSettings } from "./search-settings.ts";
import { type ImageSearch, type SearchSpace, searchSpace } from "./search-space.ts";

/** A search as a caller asks for it; what is left out comes from kettle.yml. */
export type SearchQuery = {
  /** The question; absent when a picture is given. */
  readonly query?: string | undefined;
  /** A picture to search pictures by, base64; in the question's stead. */
  readonly image?: string | undefined;
  /** What is looked for; a picture finds pictures. Default: texts. */
  readonly target?: "text" | "images" | undefined;
  readonly topK?: number | undefined;
  /** Hits to rerank; never fewer than `topK`. */
  readonly candidates?: number | undefined;
  readonly mode?: SearchMode | undefined;
  readonly filter?: Filter | undefined;
  readonly cluster?:
    | {
        /** `query`: cluster this answer's candidates, whatever is published. */
        readonly when?: "store" | "query" | undefined;
        /** `none`: every hit is a cluster of its own. */
        readonly algorithm?: "none" | ClusterAlgorithm | undefined;
        /** Clusters to make of the candidates; only for query-time clustering. */
        readonly k?: "auto" | number | undefined;
      }
    | undefined;
  /** A reranker's name, `custom:<name>`, or `{name, …options}`. */
  readonly rerank?: string | { readonly name: string; readonly [option: string]: unknown } | undefined;
  readonly budget?: { readonly tokens?: number | null | undefined } | undefined;
  /** `group`: of copies one is a hit and counts the others; `keep`: all are hits. */
  readonly duplicates?: "group" | "keep" | undefined;
  /** `merge`: rows of one parent are one hit with its text; `ignore`: each is a hit by itself. */
  readonly parents?: "merge" | "ignore" | undefined;
  readonly includeLowQuality?: boolean | undefined;
};

export type SearchHit = {
  readonly id: string;
  /** From 1, in the order of the answer. */
  readonly rank: number;
  /** The retrieval score: higher is better, unchanged by reranking. */
  readonly score: number;
  readonly text: string;
  readonly modality: ScoredChunk["modality"];
  readonly documentId: string;
  readonly key: string;
  readonly page: number | null;
  readonly heading: string;
  readonly charStart: number;
  readonly charEnd: number;
  /** One of the answer's `clusters`. Negative: in no cluster; each such hit has a negative id of its own. */
  readonly clusterId: number;
  /** 1 − cosine to the cluster's centre; 0 outside clusters. */
  readonly clusterDistance: number;
  readonly quality: number;
  readonly metadata: Metadata;
  /** Other rows that say the same and were left out for this one, as far as they were seen; absent when there are none. */
  readonly duplicates?: number;
  /** `text`, `charStart` and `charEnd` are those of the parent of the best of `children`, whose `id` the hit has. */
  readonly parentId?: string;
  /** The chunks of that parent that were found, best first; `start` and `end` are their place in `text`. */
  readonly children?: readonly {
    readonly id: string;
    readonly score: number;
    readonly charStart: number;
    readonly charEnd: number;
    readonly start: number;
    readonly end: number;
  }[];
  /** Where they are, the first of them. */
  readonly alsoIn?: readonly Pick<ScoredChunk, "id" | "documentId" | "key" | "page">[];
};

export type SearchCluster = {
  readonly id: number;
  /** Candidates in it: may be more than `hitIds`, which are those in the answer, in its order. */
  readonly size: number;
  /** 1 − cosine of the cluster's centre to the question. */
  readonly centerDistance: number;
  readonly hitIds: readonly string[];
};

export type SearchAnswer = {
  readonly hits: readonly SearchHit[];
  /** Clusters of the hits, in the order of their first hit. */
  readonly clusters: readonly SearchCluster[];
  /** Version of the published centroids that the cluster ids belong to; 0: the candidates were clustered for this answer. */
  readonly clusterVersion: number;
  /** Tokens of the hits, and of the hits that plain top-k would have handed on. */
  readonly tokens: number;
  readonly plainTokens: number;
  /** Milliseconds. */
  readonly timings: {
    readonly embedMs: number;
    readonly searchMs: number;
    readonly clusterMs: number;
    readonly rerankMs: number;
    readonly totalMs: number;
  };
};

/** The use case behind `POST /search`. */
export type Search = (query: SearchQuery, signal: AbortSignal) => Promise<SearchAnswer>;

export type SearchDeps = {
  readonly config: Pick<Config, "store" | "search" | "clustering" | "quality" | "chunking">;
  readonly store: Pick<VectorStore, "resolve" | "search" | "fetch">;
  readonly embedder: Pick<Embedder, "embed" | "identity" | "model">;
  readonly images: ImageSearch;
  readonly centroids: Pick<Centroids, "current">;
  readonly customRerankers: CustomRerankers;
  readonly scorePairs: ScorePairs;
  /** Milliseconds that never go back, for the timings. */
  readonly clock: () => number;
};

/** The physical collections that a search reads; none while nothing has been stored. */
const collectionsToRead = async (
  store: SearchDeps["store"],
  { aliases, identity, model, setting }: SearchSpace,
): Promise<readonly string[]> => {
  const specs = (await Promise.all(aliases.map((alias) => store.resolve(alias)))).filter(
    (spec) => spec !== null,
  );
  const other = specs.find((spec) => spec.identity !== identity);
  if (other !== undefined)
    throw new AppError(
      "EMBEDDING_MISMATCH",
      `${other.name} holds vectors of ${other.model} (${other.identity}), but ${setting} is ${model} (${identity}): set ${setting} to ${other.model}, or put the documents in again so that a new collection is filled and takes its place`,
    );
  return specs.map((spec) => spec.name);
};

const labelCandidates = async (
  { config, centroids }: SearchDeps,
  { identity }: SearchSpace,
  { algorithm, when, k }: SearchSettings,
  rows: readonly ScoredChunk[],
  d: number,
  signal: AbortSignal,
): Promise<CandidateLabels & { readonly clusterVersion: number }> => {
  if (algorithm === null || rows.length === 0) return { ...noLabels(rows), clusterVersion: 0 };
  const published = when === "store" ? await centroids.current(identity) : null;
  if (published !== null) return { ...publishedLabels(rows, published), clusterVersion: published.version };
  checkQueryClustering(rows.length);
  const { seed, hdbscan } = config.clustering;
  const options = { k, seed, signal, hdbscan: { selection: hdbscan.selection } };
  return { ...(await queryLabels(rows, d, algorithm, options)), clusterVersion: 0 };
};

/** Runs and times one stage of a search; stops between stages once the caller has gone. */
const stopwatch = (clock: () => number, signal: AbortSignal) => {
  const startedAt = clock();
  const spent = { embedMs: 0, searchMs: 0, clusterMs: 0, rerankMs: 0 };
  return {
    time: async <T>(stage: keyof typeof spent, run: () => Promise<T> | T): Promise<T> => {
      signal.throwIfAborted();
      const from = clock();
      const result = await run();
      spent[stage] += clock() - from;
      return result;
    },
    timings: (): SearchAnswer["timings"] => ({ ...spent, totalMs: clock() - startedAt }),
  };
};

/**
 * The best candidates by score, rows of one parent as one → labels → reranker → cut to `topK` → hits until the next would
 * exceed the budget → the texts of their parents.
 * While nothing has been stored the answer is empty.
 * @throws AppError `BAD_REQUEST`, `NOT_AVAILABLE`, `EMBEDDING_MISMATCH`, `RERANKER_FAILED` and what store and embedder
 *   throw
 */
export const searchStep =
  (deps: SearchDeps): Search =>
  async (query, signal) => {
    const { time, timings } = stopwatch(deps.clock, signal);
    const settings = await searchSettings(query, deps.config, deps.customRerankers);
    const { topK, candidates, mode, budgetTokens } = settings;
    const space = await time("embedMs", () => searchSpace(deps, query));
    const collections = await time("searchMs", () => collectionsToRead(deps.store, space));
    if (collections.length === 0) return nothingFound(timings());
    // For a sparse search too: distances of clusters are to the question's vector.
    const vector = await time("embedMs", space.embed);
    const request = {
      mode,
      vector,
      text: space.text,
      limit: candidates,
      ...(query.filter && { filter: query.filter }),
    };
    const { rows, plain, copies, children } = await time("searchMs", () =>
      findCandidates(deps.store, collections, request, settings.grouping),
    );
    const { clusterVersion, ...labels } = await time("clusterMs", () =>
      labelCandidates(deps, space, settings, rows, vector.length, signal),
    );
    const clustered = await time("clusterMs", () => clusterHits(rows, vector, labels));
    const context = {
      query: vector,
      queryText: space.text,
      topK,
      budgetTokens,
      options: settings.rerankOptions,
      scorePairs: deps.scorePairs,
      signal,
    };
    const ordered = await time("rerankMs", () => settings.reranker.rerank(clustered, context));
    const kept = withinBudget(ordered.slice(0, topK), budgetTokens);
    const hits = await time("searchMs", () => withParentTexts(deps.store, collections, kept, children));
    const plainTokens = totalTokens(plain.slice(0, topK));
    return answerOf({ hits, copies, children, clusterVersion, plainTokens }, timings());
  };
