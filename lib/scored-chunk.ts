import type { ChunkRow } from "./chunk-row.ts";

/** A row with its retrieval score: higher is better, unchanged by reranking. */
export type ScoredChunk = ChunkRow & { readonly score: number };
