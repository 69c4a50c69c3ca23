import { carryParents } from "../../lib/chunk/carry-parents.ts";
import type { ChunkOptions, Piece } from "../../lib/chunk/chunker.ts";
import { countByWords } from "../../lib/chunk/count-words.ts";
import { parentsOf } from "../../lib/chunk/parents.ts";
import { type EmbedTexts, piecesOf } from "../../lib/chunk/pieces.ts";
import { type ChunkerName, chunkers } from "../../lib/chunk/registry.ts";
import { joinBlocks } from "../../lib/chunk/sections.ts";
import type { Chunk } from "../../lib/chunk-row.ts";
import type { OnnxEmbedder } from "../../lib/embed/onnx.ts";
import { embedCached } from "../retrieval/vectors.ts";
import type { LongDocument, LongSet } from "./long-documents.ts";

/** A way to cut. */
export type Arm = {
  readonly strategy: ChunkerName;
  readonly size: number;
  readonly overlap: number;
  readonly parent: number | null;
};

const arm = (strategy: ChunkerName, size: number, overlap: number, parent: number | null = null): Arm => ({
  strategy,
  size,
  overlap,
  parent,
});

/** The default first: the others are compared with it. `markdown` and `page` need headings and pages, which these have not. */
export const arms: readonly Arm[] = [
  arm("recursive", 256, 32),
  arm("fixed", 256, 32),
  arm("sentence", 256, 32),
  arm("semantic", 256, 32),
  arm("cluster", 256, 32),
  arm("recursive", 128, 16),
  arm("recursive", 128, 16, 384),
  arm("recursive", 64, 8, 256),
];

export const nameOf = ({ strategy, size, overlap, parent }: Arm): string =>
  `${strategy} ${size}/${overlap}${parent === null ? "" : `, parents ${parent}`}`;

export type DocumentChunks = { readonly documentId: string; readonly chunks: readonly Chunk[] };

const chunkOf = ({ confidence: _, ...piece }: Piece, ordinal: number): Chunk => ({
  ...piece,
  ordinal,
  language: "und",
  contentHash: "",
  quality: 1,
  qualityFlags: [],
});

type Embedding = {
  readonly embedder: OnnxEmbedder;
  readonly cache: string;
  readonly progress: (line: string) => void;
};

/** The vectors that a strategy by meaning asks for, those of all documents at once. */
const vectorsFor = async (
  { strategy }: Arm,
  documents: readonly LongDocument[],
  { embedder, cache, progress }: Embedding,
): Promise<EmbedTexts> => {
  const chunker = chunkers[strategy];
  const texts = "texts" in chunker ? documents.flatMap(({ blocks }) => chunker.texts(blocks)) : [];
  const embedded = await embedCached(embedder, texts, "query", cache, progress);
  const known = new Map(texts.map((text, at) => [text, embedded[at]?.vector]));
  const d = embedder.dimension;
  return async (asked) => {
    const all = new Float32Array(asked.length * d);
    for (const [at, text] of asked.entries()) all.set(known.get(text) ?? [], at * d);
    return all;
  };
};

/** The documents of a set as one arm cuts them. */
export const cutBy = async (
  way: Arm,
  { documents }: LongSet,
  embedding: Embedding,
): Promise<readonly DocumentChunks[]> => {
  const { size, overlap, parent } = way;
  const countTokens = countByWords(embedding.embedder.tokenizer.count);
  const options: ChunkOptions = { size, overlap, maxBytes: 8_192, countTokens };
  const embed = await vectorsFor(way, documents, embedding);
  const all: DocumentChunks[] = [];
  for (const { id, blocks } of documents) {
    const pieces = await piecesOf(chunkers[way.strategy], blocks, options, embed);
    const parents =
      parent === null ? [] : parentsOf(joinBlocks(blocks), pieces, { ...options, tokens: parent });
    all.push({ documentId: id, chunks: carryParents(pieces.map(chunkOf), parents) });
  }
  return all;
};
