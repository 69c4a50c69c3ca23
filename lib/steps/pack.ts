import type { Chunk, Metadata, PictureChunk } from "../chunk-row.ts";
import { AppError } from "../errors.ts";
import { hashParts } from "../ids.ts";
import { bodyBytes, messageBody } from "../message-body.ts";
import { bytesPerVector, maxMessageBytes, type WriteMessage } from "../messages.ts";
import type { Embedding, Target } from "./collections.ts";

/** What all batches of a document share. */
export type Shared = {
  readonly bucket: string;
  readonly key: string;
  readonly documentId: string;
  readonly contentType: string;
  readonly metadata: Metadata;
};

/** A document as it was read. */
export type Content = {
  readonly chunks: readonly Chunk[];
  readonly pictures: readonly PictureChunk[];
};

export type PackOptions = {
  readonly embedding: Embedding;
  /** Of pictures; null: none are sent. */
  readonly images: Embedding | null;
  /** Default: `maxMessageBytes`. */
  readonly maxBytes?: number;
};

/** The list of chunks as it will be sent. `hash` covers the content and the borders of every batch. */
export type Plan = { readonly hash: string; readonly batches: number };

const longestNumber = Number.MAX_SAFE_INTEGER;

/** Bytes of the last message of the chain without its chunks, vectors and labels. */
const envelopeBytes = (shared: Shared, embedding: Embedding): number => {
  const { documentId, key, contentType, metadata, bucket } = shared;
  const empty: WriteMessage = {
    version: 1,
    bucket,
    document: {
      documentId,
      run: longestNumber,
      key,
      contentType,
      metadata: metadata as WriteMessage["document"]["metadata"],
      ingestedAt: longestNumber,
    },
    batch: longestNumber,
    batches: longestNumber,
    chunks: [],
    embedding,
    vectors: "",
    clusterVersion: longestNumber,
    clusterIds: [],
    clusterDistances: [],
  };
  return bodyBytes(empty);
};

/**
 * Cuts a document's chunks into batches, in order, so that each message stays under the limit *with the vectors and
 * labels that join it later*: a batch is never split again. Deterministic: the same chunks give the same batches.
 * @throws AppError `DOCUMENT_TOO_LARGE` when the metadata or a single chunk leave no room.
 */
export const packBatches = function* (
  chunks: readonly Chunk[],
  shared: Shared,
  { embedding, maxBytes = maxMessageBytes }: Pick<PackOptions, "embedding" | "maxBytes">,
): Generator<readonly Chunk[]> {
  const envelope = envelopeBytes(shared, embedding);
  const room = maxBytes - envelope;
  if (room < maxBytes / 2)
    throw new AppError(
      "DOCUMENT_TOO_LARGE",
      `the metadata of ${shared.key} takes ${envelope} of a message's ${maxBytes} bytes; shorten it`,
    );
  let start = 0;
  let used = 0;
  for (const [index, chunk] of chunks.entries()) {
    const bytes = bodyBytes(chunk) + bytesPerVector(embedding.dimension) + 1;
    if (bytes > room)
      throw new AppError(
        "DOCUMENT_TOO_LARGE",
        `chunk ${chunk.ordinal} of ${shared.key} takes ${bytes} bytes; ${room} fit in a message`,
      );
    if (used + bytes > room) {
      yield chunks.slice(start, index);
      start = index;
      used = 0;
    }
    used += bytes;
  }
  if (start < chunks.length) yield chunks.slice(start);
};

export type Batch = { readonly chunks: readonly Chunk[]; readonly target: Target };

/** The batches of texts, then those of pictures: each holds one kind, since their vectors lie in different collections. */
export const batchesOf = function* (
  content: Content,
  shared: Shared,
  options: PackOptions,
): Generator<Batch> {
  for (const chunks of packBatches(content.chunks, shared, options)) yield { chunks, target: undefined };
  if (options.images === null || content.pictures.length === 0) return;
  for (const chunks of packBatches(content.pictures, shared, { ...options, embedding: options.images }))
    yield { chunks, target: "images" };
};

/** Only one batch is serialized at a time: a document's chunks are in memory once, not twice. */
export const planOf = (content: Content, shared: Shared, options: PackOptions): Plan => {
  let hash = hashParts("plan", shared.contentType, messageBody(shared.metadata));
  let batches = 0;
  for (const { chunks } of batchesOf(content, shared, options)) {
    hash = hashParts(hash, messageBody(chunks));
    batches += 1;
  }
  return { hash, batches };
};
