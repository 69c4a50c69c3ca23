import { z } from "zod";

/**
 * The queue messages. Each queue has one schema, parsed at the edge; `version` changes when an old message could no
 * longer be understood. A batch keeps its shape from parse to writer and only gains vectors, then labels.
 */

const metadataValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);

const documentFields = z.object({
  documentId: z.string().min(1),
  run: z.int().positive(),
  key: z.string().min(1),
  contentType: z.string(),
  metadata: z.record(z.string(), metadataValue),
  ingestedAt: z.int(),
});

const chunk = z.object({
  ordinal: z.int().nonnegative(),
  text: z.string(),
  tokens: z.int().nonnegative(),
  page: z.int().positive().nullable(),
  heading: z.string(),
  charStart: z.int().nonnegative(),
  charEnd: z.int().nonnegative(),
  modality: z.enum(["text", "table", "image"]),
  language: z.string(),
  contentHash: z.string(),
  quality: z.number().min(0).max(1),
  qualityFlags: z.array(z.string()),
  parent: z
    .object({
      ordinal: z.int().nonnegative(),
      tokens: z.int().nonnegative(),
      charStart: z.int().nonnegative(),
      charEnd: z.int().nonnegative(),
      text: z.string(),
    })
    .exactOptional(),
  /** JPEG, base64; embed takes it out. */
  picture: z.string().min(1).exactOptional(),
});

/** "Look at key K": why does not matter, the handler looks at the object as it is now. */
export const lookMessage = z.object({
  version: z.literal(1),
  bucket: z.string().min(1),
  key: z.string().min(1),
});
export type LookMessage = z.infer<typeof lookMessage>;

/**
 * parse → embed. Functions that know older versions only send back what they would get wrong. Version 2: some chunk has a
 * parent, which would be dropped in silence; 3: the chunks are pictures, which would be taken for texts.
 */
export const embedMessage = z.object({
  version: z.literal([1, 2, 3]),
  bucket: z.string().min(1),
  document: documentFields,
  /** This batch's number, from 0, of `batches`. */
  batch: z.int().nonnegative(),
  batches: z.int().positive(),
  chunks: z.array(chunk).min(1),
  /** The chunks are pictures: they get vectors of the image model, and go to the collection of pictures. */
  target: z.literal("images").exactOptional(),
});
export type EmbedMessage = z.infer<typeof embedMessage>;

/** embed → cluster */
export const clusterMessage = embedMessage.extend({
  /** Which model made the vectors: it names the physical collection. */
  embedding: z.object({
    identity: z.string().min(1),
    model: z.string().min(1),
    dimension: z.int().positive(),
  }),
  /** `[chunks, dimension]` row-major little-endian float32, base64. */
  vectors: z.string(),
});
export type ClusterMessage = z.infer<typeof clusterMessage>;

/** cluster → writer */
export const writeMessage = clusterMessage.extend({
  clusterVersion: z.int().nonnegative(),
  /** One a chunk. */
  clusterIds: z.array(z.int()),
  clusterDistances: z.array(z.number()),
});
export type WriteMessage = z.infer<typeof writeMessage>;

const rebuildMessage = z.object({
  version: z.literal(1),
  /**
   * `minRows`: the first clusters; nothing once there are some. `check`: only if the collection has grown or drifted.
   * `request` and `schedule`: always.
   */
  reason: z.enum(["minRows", "check", "request", "schedule"]),
  /** Of one request: delivered again, it trains no second time. */
  request: z.string().min(1).exactOptional(),
});
const ofVersion = {
  version: z.literal(1),
  /** Physical name. */
  collection: z.string().min(1),
  identity: z.string().min(1),
  clusterVersion: z.int().positive(),
};
const shardMessage = z.object({
  ...ofVersion,
  task: z.literal("shard"),
  shard: z.int().nonnegative(),
  shards: z.int().positive(),
});
const mapMessage = z.object({ ...ofVersion, task: z.literal("map") });

/** anyone → recluster: train and publish centroids; recluster → itself: what a version still needs. */
export const reclusterMessage = z.union([rebuildMessage, shardMessage, mapMessage]);
export type ReclusterMessage = z.infer<typeof reclusterMessage>;
export type RebuildMessage = z.infer<typeof rebuildMessage>;
export type ShardMessage = z.infer<typeof shardMessage>;
export type MapMessage = z.infer<typeof mapMessage>;

/** The largest body a queue message may have, in bytes: under SQS's 256 KiB with room for attributes. */
export const maxMessageBytes = 200_000;

/** base64 of float32 adds this much to a message for each chunk, labels included. */
export const bytesPerVector = (dimension: number): number => 4 * Math.ceil((dimension * 4) / 3) + 40;

export const encodeVectors = (vectors: Float32Array): string =>
  Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength).toString("base64");

/** @throws RangeError when the length is not `count × dimension`. */
export const decodeVectors = (text: string, count: number, dimension: number): Float32Array => {
  const bytes = Buffer.from(text, "base64");
  if (bytes.byteLength !== count * dimension * 4)
    throw new RangeError(`vectors hold ${bytes.byteLength} bytes, expected ${count} × ${dimension} float32`);
  const aligned = new Uint8Array(bytes.byteLength);
  aligned.set(bytes);
  return new Float32Array(aligned.buffer);
};
