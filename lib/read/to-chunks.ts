import { carryParents } from "../chunk/carry-parents.ts";
import type { Chunker, ChunkOptions, Piece, VectorChunker } from "../chunk/chunker.ts";
import { guessLanguage } from "../chunk/language.ts";
import { parentsOf } from "../chunk/parents.ts";
import { type EmbedTexts, piecesOf } from "../chunk/pieces.ts";
import type { ChunkChoice } from "../chunk/rules.ts";
import { joinBlocks } from "../chunk/sections.ts";
import type { Chunk, Metadata, PictureChunk } from "../chunk-row.ts";
import { contentHash } from "../ids.ts";
import type { Quality } from "../quality/quality.ts";
import { copyFinder, sketchOf } from "../quality/sketch.ts";
import { documentFailure } from "./failures.ts";
import { readDocument } from "./read.ts";
import type { FoundPicture, ReadInput } from "./reader.ts";
import type { DocumentType } from "./registry.ts";

export type Chunking = {
  readonly chunker: Chunker | VectorChunker;
  readonly options: ChunkOptions;
  /** As `ChunkChoice.parent`. */
  readonly parent?: ChunkChoice["parent"];
  readonly embed: EmbedTexts;
  readonly quality: (piece: Piece) => Quality;
  /** From this similarity on a piece is a copy of an earlier one and dropped; null: copies stay. */
  readonly copies: number | null;
  /** Most chunks of one document. */
  readonly maxChunks: number;
  /** The bytes are not needed from here on. */
  readonly onRead?: () => void;
};

export type DocumentChunks = {
  /** In order; ordinals count the copies that were dropped, too. */
  readonly chunks: readonly Chunk[];
  /** For image search; their ordinals come after those of all pieces. */
  readonly pictures: readonly PictureChunk[];
  /** Pieces that said what an earlier piece says. */
  readonly copies: number;
  /** From the file itself; the object's own user metadata stand above it. */
  readonly metadata: Metadata;
  readonly type: DocumentType;
  /** For people: what was left out, and what would mend that. */
  readonly notes: readonly string[];
};

/** Which pieces say what no earlier one says. */
const firstOfEach = (pieces: readonly Piece[], similarity: number | null): readonly boolean[] => {
  if (similarity === null) return pieces.map(() => true);
  const find = copyFinder<number>(similarity);
  return pieces.map(({ text }, index) => find(index, sketchOf(text)) === null);
};
/** What a picture's name and EXIF say is no prose, and would be judged as junk. */
const undescribed: Quality = { quality: 0.5, flags: ["noText"] };

/** A picture is judged by nobody: whether it says something is for the one who looks for it. */
const pictureChunks = (
  pictures: readonly FoundPicture[],
  firstOrdinal: number,
  { countTokens }: ChunkOptions,
): readonly PictureChunk[] =>
  pictures.map(({ text, page, headings, jpeg }, index) => {
    const picture = Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength).toString("base64");
    return {
      ordinal: firstOrdinal + index,
      text,
      tokens: countTokens(text),
      page,
      heading: headings.join(" › "),
      charStart: 0,
      charEnd: 0,
      modality: "image",
      language: guessLanguage(text, ""),
      contentHash: contentHash(picture),
      quality: 1,
      qualityFlags: [],
      picture,
    };
  });

/**
 * A document's bytes to its chunks, numbered and judged. In this thread; isolated.ts does the same behind hard limits.
 * @throws AppError as readDocument; `DOCUMENT_TOO_LARGE` for too many chunks, `EMPTY_DOCUMENT` for none;
 *   what `embed` throws
 */
export const readChunks = async (input: ReadInput, chunking: Chunking): Promise<DocumentChunks> => {
  const { blocks, metadata, type, notes = [], noText = false, ...read } = await readDocument(input);
  chunking.onRead?.();
  const pieces = await piecesOf(chunking.chunker, blocks, chunking.options, chunking.embed);
  if (pieces.length === 0) throw documentFailure("EMPTY_DOCUMENT", input.key, "has no text");
  if (pieces.length > chunking.maxChunks)
    throw documentFailure(
      "DOCUMENT_TOO_LARGE",
      input.key,
      `gives ${pieces.length} chunks; limits.chunks is ${chunking.maxChunks}`,
    );
  const { language } = metadata;
  const declared = typeof language === "string" ? language : "";
  const kept = firstOfEach(pieces, chunking.copies);
  const { parent, options } = chunking;
  const parents = parent ? parentsOf(joinBlocks(blocks), pieces, { ...options, ...parent }) : [];
  const each = pieces.flatMap((piece, ordinal): Chunk[] => {
    if (!kept[ordinal]) return [];
    const { quality, flags } = noText ? undescribed : chunking.quality(piece);
    const { confidence: _judged, ...rest } = piece;
    const chunk: Chunk = {
      ...rest,
      ...(noText && { modality: "image" }),
      ordinal,
      language: guessLanguage(piece.text, declared),
      contentHash: contentHash(piece.text),
      quality,
      qualityFlags: flags,
    };
    return [chunk];
  });
  const chunks = carryParents(each, parents);
  const pictures = pictureChunks(read.pictures ?? [], pieces.length, chunking.options);
  return { chunks, pictures, copies: pieces.length - chunks.length, metadata, type, notes };
};
