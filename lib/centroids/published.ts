import { z } from "zod";
import { decodeVectors, encodeVectors } from "../messages.ts";

/** What one training published; cluster ids mean something only within its version. */
export type PublishedCentroids = {
  /** From 1; only ever grows for an embedding identity. */
  readonly version: number;
  /** Of the embedding model whose vectors were trained on. */
  readonly identity: string;
  readonly algorithm: string;
  readonly seed: number;
  readonly k: number;
  readonly dimension: number;
  /** `[k, dimension]`, unit length. */
  readonly centroids: Float32Array;
  /** `[k]`: how far (1 − cosine) each cluster reaches; absent where every vector belongs to its nearest centroid. */
  readonly radii?: readonly number[];
  /** Rows of each cluster: exact when `sampled = rows`, else scaled from the sample. */
  readonly sizes: readonly number[];
  /** Words that set each cluster apart, best first. */
  readonly terms: readonly (readonly string[])[];
  /** Ids of the chunks nearest to each centre, nearest first. */
  readonly nearest: readonly (readonly string[])[];
  /** Rows of the collection when it was trained, and how many of them it was trained on. */
  readonly rows: number;
  readonly sampled: number;
  /** ms since 1970 */
  readonly trainedAt: number;
};

/** A training before it has a version. */
export type Training = Omit<PublishedCentroids, "version">;

const file = z.object({
  format: z.literal(1),
  version: z.int().positive(),
  identity: z.string(),
  algorithm: z.string(),
  seed: z.int(),
  k: z.int().positive(),
  dimension: z.int().positive(),
  /** `[k, dimension]` row-major little-endian float32, base64. */
  centroids: z.string(),
  radii: z.array(z.number().min(0)).exactOptional(),
  sizes: z.array(z.int().nonnegative()),
  terms: z.array(z.array(z.string())),
  nearest: z.array(z.array(z.string())),
  rows: z.int().nonnegative(),
  sampled: z.int().nonnegative(),
  trainedAt: z.int(),
});

/** The text of a data file of the state bucket. */
export const encodePublished = ({ centroids, ...rest }: PublishedCentroids): string =>
  JSON.stringify({ format: 1, ...rest, centroids: encodeVectors(centroids) });

/** Null when the text is not a data file of this format. */
export const decodePublished = (text: string): PublishedCentroids | null => {
  try {
    const { format: _format, centroids, ...rest } = file.parse(JSON.parse(text));
    return { ...rest, centroids: decodeVectors(centroids, rest.k, rest.dimension) };
  } catch {
    return null;
  }
};

/** `centroids/<identity>/current.json`: the one object that decides which version holds. */
export const pointerSchema = z.object({
  version: z.int().positive(),
  /** Key of the data file: a new one for each attempt to publish, so that attempts never overwrite each other. */
  data: z.string().min(1),
});
export type Pointer = z.infer<typeof pointerSchema>;
