import type { z } from "zod";
import type { ScoredChunk } from "../scored-chunk.ts";

/** A cluster of the candidates: its members' ids, and c_j as design defines it. */
export type HitCluster = {
  readonly id: number;
  /** Number of candidates in it. */
  readonly size: number;
  /** Unit vector `[d]`: published centroid, or the normalised mean of its members. */
  readonly centroid: Float32Array;
  /** 1 − cosine of the centroid to the query. */
  readonly centerDistance: number;
};

/** A candidate with its cluster; noise (label −1) has become a cluster of its own with a negative id. */
export type ClusteredHit = ScoredChunk & {
  readonly cluster: HitCluster;
  /** 1 − cosine to the cluster's centroid; 0 for noise. */
  readonly clusterDistance: number;
};

export type RerankContext = {
  /** Unit vector `[d]` of the question. */
  readonly query: Float32Array;
  readonly queryText: string;
  readonly topK: number;
  readonly budgetTokens: number | null;
  /** Options given with the reranker's name in the request, as its `options` parsed them. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  /** A cross-encoder's judgment of each text: higher is more relevant. @throws AppError `MODEL_MISSING` */
  readonly scorePairs: ScorePairs;
};

/** Judges how well each text answers the question; one number a text, in their order. */
export type ScorePairs = (question: string, texts: readonly string[]) => Promise<ArrayLike<number>>;

/**
 * Port: clustered hits (best score first) → a permutation or a subset of them, in order.
 * Deterministic: ties break by score (descending), then id (ascending). Leaves its input alone. Nothing for nothing.
 */
export type Reranker = {
  /** Only reorders: then `candidates` defaults to topK. */
  readonly reorders: boolean;
  /** What may stand beside the name in a request; strict, so that a mistyped option is refused and not ignored. */
  readonly options: z.ZodType<Readonly<Record<string, unknown>>>;
  rerank(
    hits: readonly ClusteredHit[],
    context: RerankContext,
  ): Promise<readonly ClusteredHit[]> | readonly ClusteredHit[];
};
