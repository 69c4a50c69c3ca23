import type { Block } from "../read/reader.ts";
import type { Chunker, ChunkOptions, Piece, VectorChunker } from "./chunker.ts";

/** Vectors of texts, `[texts.length, d]` row-major, each of length 1. */
export type EmbedTexts = (texts: readonly string[]) => Promise<Float32Array>;

/**
 * The pieces by any strategy.
 * @param embed asked by those that want vectors, once, for at most as many texts as `mostTexts` of runs.ts
 */
export const piecesOf = async (
  chunker: Chunker | VectorChunker,
  blocks: readonly Block[],
  options: ChunkOptions,
  embed: EmbedTexts,
): Promise<readonly Piece[]> => {
  if (!("texts" in chunker)) return chunker.chunk(blocks, options);
  const texts = chunker.texts(blocks);
  const vectors = texts.length === 0 ? new Float32Array(0) : await embed(texts);
  return chunker.chunk(blocks, options, vectors);
};
