import { z } from "zod";
import { decodeVectors, encodeVectors } from "../messages.ts";

/**
 * What one training published. Clusters stand largest first, in every list alike; their ids are names that a cluster keeps
 * from version to version for as long as it is the same one.
 */
export type PublishedCentroids = {
  /** From 1; only ever grows for an embedding identity. */
  readonly version: number;
  /** Of the embedding model whose vectors were trained on. */
  readonly identity: string;
  readonly algorithm: string;
  readonly seed: number;
  readonly k: number;
  readonly dimension: number;
  /** `[k]`, names: once given, never given to another cluster. */
  readonly ids: readonly number[];
  /** The next name to give: above all that were ever given. */
  readonly nextId: number;
  /** `[k, dimension]`, unit length. */
  readonly centroids: Float32Array;
  /** `[k]`: how far (1 − cosine) each cluster reaches; absent where every vector belongs to its nearest centroid. */
  readonly radii?: readonly number[];
  /** Rows of each cluster: exact when `sampled = rows`, else scaled from the sample. */
  readonly sizes: readonly number[];
  /** Mean distance (1 − cosine) of each cluster's rows to its centroid. */
  readonly spreads: readonly number[];
  /** Mean distance of all rows to the nearest centroid, those outside of every cluster too: what drift is told by. */
  readonly meanDistance: number;
  /** Words that set each cluster apart, best first. */
  readonly terms: readonly (readonly string[])[];
  /** Ids of the chunks nearest to each centre, nearest first. */
  readonly nearest: readonly (readonly string[])[];
  /** Rows of the collection when it was trained, and how many of them it was trained on. */
  readonly rows: number;
  readonly sampled: number;
  /** ms since 1970 */
  readonly trainedAt: number;
  /** Whose request it was trained for: the same request, delivered again, trains no second time. */
  readonly request?: string;
};

/** A training before it has a version. */
export type Training = Omit<PublishedCentroids, "version">;

const file = z.object({
  format: z.literal(2),
  version: z.int().positive(),
  identity: z.string(),
  algorithm: z.string(),
  seed: z.int(),
  k: z.int().positive(),
  dimension: z.int().positive(),
  /** `[k, dimension]` row-major little-endian float32, base64. */
  centroids: z.string(),
  radii: z.array(z.number().min(0)).exactOptional(),
  ids: z.array(z.int().nonnegative()),
  nextId: z.int().nonnegative(),
  sizes: z.array(z.int().nonnegative()),
  spreads: z.array(z.number().min(0)),
  meanDistance: z.number().min(0),
  terms: z.array(z.array(z.string())),
  nearest: z.array(z.array(z.string())),
  rows: z.int().nonnegative(),
  sampled: z.int().nonnegative(),
  trainedAt: z.int(),
  request: z.string().exactOptional(),
});

/** The text of a data file of the state bucket. */
export const encodePublished = ({ centroids, ...rest }: PublishedCentroids): string =>
  JSON.stringify({ format: 2, ...rest, centroids: encodeVectors(centroids) });

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
  /** Keys of what was found out about the version since; absent until then. */
  survey: z.string().min(1).exactOptional(),
  map: z.string().min(1).exactOptional(),
});
export type Pointer = z.infer<typeof pointerSchema>;
