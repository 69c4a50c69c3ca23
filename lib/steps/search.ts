import type { Metadata } from "../chunk-row.ts";
import type { Filter } from "../store/filter.ts";
import type { SearchMode } from "../store/store.ts";

/** A search as a caller asks for it; what is left out comes from kettle.yml. */
export type SearchQuery = {
  readonly query: string;
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
        readonly algorithm?: "none" | "kmeans" | undefined;
        /** Clusters to make of the candidates; only for query-time clustering. */
        readonly k?: "auto" | number | undefined;
      }
    | undefined;
  /** A reranker's name, `custom:<name>`, or `{name, …options}`. */
  readonly rerank?: string | { readonly name: string; readonly [option: string]: unknown } | undefined;
  readonly budget?: { readonly tokens?: number | null | undefined } | undefined;
  readonly includeLowQuality?: boolean | undefined;
};

export type SearchHit = {
  readonly id: string;
  /** From 1, in the order of the answer. */
  readonly rank: number;
  /** The retrieval score: higher is better, unchanged by reranking. */
  readonly score: number;
  readonly text: string;
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
