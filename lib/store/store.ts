import type { ChunkRow } from "../chunk-row.ts";
import type { ScoredChunk } from "../scored-chunk.ts";
import type { Filter } from "./filter.ts";

/** What a physical collection was made for; vectors of two models never share one. */
export type CollectionSpec = {
  /** Physical name: letters, digits and underscore, at most 200 characters. */
  readonly name: string;
  readonly dimension: number;
  /** Identity of the embedding model (weights hash, prefix, dimension) and its name in the manifest. */
  readonly identity: string;
  readonly model: string;
};

export type SearchMode = "dense" | "sparse" | "hybrid";

export type SearchRequest = {
  readonly mode: SearchMode;
  /** `[dimension]`, unit length; for dense and hybrid. */
  readonly vector?: Float32Array;
  /** The question's words; for sparse and hybrid. */
  readonly text?: string;
  readonly limit: number;
  readonly filter?: Filter;
};

/** `score`: higher is better. Dense: cosine. Sparse: BM25. Hybrid: reciprocal rank fusion, k = 60. */
export type ScoredRow = ScoredChunk;

/** A page of at most `limit` rows that match, behind the cursor of the page before. */
export type ScanOptions = { readonly filter?: Filter; readonly cursor?: string; readonly limit: number };
/** No cursor: there are no more rows. */
export type ScanPage<Row> = { readonly rows: readonly Row[]; readonly cursor?: string };
export type VectorRow = Pick<ChunkRow, "id" | "vector">;

/**
 * Port: a vector store. Names given to it are physical collections or aliases.
 *
 * - `upsert` is idempotent by id (the last of equal ids in one call wins) and all rows of one call become visible
 *   together or can be upserted again; after it returns, `count`, `fetch`, `delete` and scans see the rows.
 * - `drop` takes a physical name and takes the aliases that point at it along. A name is never both; an invalid or
 *   taken one gives `STORE_REFUSED`, a collection of another model `EMBEDDING_MISMATCH`.
 * - A missing collection gives `STORE_REFUSED`; an outage `STORE_UNAVAILABLE` (retryable).
 * - Empty input does nothing; searching an empty collection gives nothing.
 * - `search` gives at most `limit` rows, best first, ties by id. `scan` and `scanVectors` give each row once, in order of id.
 * - A mode that a store does not have gives `NOT_AVAILABLE`. What a filter means: `FilterCondition`.
 * - A vector whose length is not the collection's dimension is refused (`STORE_REFUSED`), nothing is written.
 */
export type VectorStore = {
  /** Creates the collection unless it is there; one with another dimension or identity is refused. */
  ensure(spec: CollectionSpec): Promise<void>;
  collections(): Promise<readonly CollectionSpec[]>;
  drop(collection: string): Promise<void>;
  /** Points `alias` at a physical collection, in one step. */
  setAlias(alias: string, collection: string): Promise<void>;
  /** The spec of what a name stands for; null when there is none. */
  resolve(nameOrAlias: string): Promise<CollectionSpec | null>;
  upsert(collection: string, rows: readonly ChunkRow[]): Promise<void>;
  /** Deletes what matches, strongly consistent; gives how many rows went. */
  delete(collection: string, filter: Filter): Promise<number>;
  count(collection: string, filter?: Filter): Promise<number>;
  /**
   * Rows by id, in the order of `ids`; unknown ids are left out. `asSearch`: rows that a search has seen are there, newer
   * writes need not be, and it does not wait for them.
   */
  fetch(collection: string, ids: readonly string[], freshness?: "asSearch"): Promise<readonly ChunkRow[]>;
  search(collection: string, request: SearchRequest): Promise<readonly ScoredRow[]>;
  scan(collection: string, options: ScanOptions): Promise<ScanPage<ChunkRow>>;
  /** `scan` of ids and vectors alone: reading the rest of a row takes several times as long. */
  scanVectors(collection: string, options: ScanOptions): Promise<ScanPage<VectorRow>>;
  close(): Promise<void>;
};

/** Physical names carry the embedding identity, so a change of model starts a collection of its own. */
export const collectionNames = (
  base: string,
  identity: string,
): { readonly main: string; readonly low: string } => ({
  main: `${base}_${identity.slice(0, 12)}`,
  low: `${base}_low_${identity.slice(0, 12)}`,
});

/** The collection of pictures; `identity` is that of the image model. */
export const imagesName = (base: string, identity: string): string =>
  `${base}_images_${identity.slice(0, 12)}`;
