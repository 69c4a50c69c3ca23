/** "passage" for chunks, "query" for questions: e5 wants a different prefix for each. */
export type EmbedKind = "passage" | "query";

/**
 * Port: texts to unit vectors.
 *
 * - `embed` gives `[n, dimension]` row-major; the same text always gives the same vector, whatever else is in the call;
 *   empty input gives an empty array; a text longer than the model's window is cut at the window.
 * - A failure of the model throws `EMBEDDING_FAILED` (retryable).
 */
export type Embedder = {
  /** Name in the manifest. */
  readonly model: string;
  readonly dimension: number;
  /** Hash of weights, tokenizer, prefixes and dimension: 32 hex characters. */
  readonly identity: string;
  embed(texts: readonly string[], kind: EmbedKind): Promise<Float32Array>;
  close(): Promise<void>;
};

/** Counts and cuts in tokens of the embedding model; pure and synchronous once loaded. */
export type Tokenizer = {
  /** Tokens of `text` without special tokens. */
  count(text: string): number;
};
