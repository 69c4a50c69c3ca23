import type { Block } from "../read/reader.ts";

/** A chunk before it is judged and numbered. Offsets: UTF-16 units in the blocks' texts joined by "\n\n". */
export type Piece = {
  readonly text: string;
  readonly tokens: number;
  readonly page: number | null;
  readonly heading: string;
  readonly charStart: number;
  readonly charEnd: number;
  readonly modality: "text" | "table";
  /** How sure OCR is of it, 0 to 1, each block counting by its length; absent where no block of it comes from OCR. */
  readonly confidence?: number;
};

export type ChunkOptions = {
  /** Largest size of a chunk, in tokens of the embedding model. */
  readonly size: number;
  /** Tokens that neighbouring chunks share. */
  readonly overlap: number;
  /** Hard cap of a chunk's text in UTF-8 bytes (queue messages and VARCHAR columns are bounded in bytes). */
  readonly maxBytes: number;
  readonly countTokens: (text: string) => number;
};

/**
 * Pure: the same blocks and options give the same pieces. No character of any block is lost: every non-blank character
 * of the joined text lies in `[charStart, charEnd)` of some piece.
 */
export type Chunker = {
  /** Raised whenever the same blocks would give other pieces: part of the fingerprint. */
  readonly version: number;
  chunk(blocks: readonly Block[], options: ChunkOptions): readonly Piece[];
};

/**
 * The same for a strategy that looks at meaning: whoever runs it (pieces.ts) gets the vectors of its texts. Pure: the
 * same blocks, options and vectors give the same pieces.
 */
export type VectorChunker = Pick<Chunker, "version"> & {
  /** Whose vectors `chunk` wants, at most as many as `mostTexts` of runs.ts however long the document. */
  texts(blocks: readonly Block[]): readonly string[];
  /** @param vectors of `texts(blocks)`, `[n, d]` row-major, each of length 1 */
  chunk(blocks: readonly Block[], options: ChunkOptions, vectors: Float32Array): Promise<readonly Piece[]>;
};
