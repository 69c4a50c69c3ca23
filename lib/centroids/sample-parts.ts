import { text } from "node:stream/consumers";
import { z } from "zod";
import type { Bucket } from "../aws/bucket.ts";
import { decodeVectors, encodeVectors } from "../messages.ts";

/** A part of a sample, drawn from one place of the collection to another. */
export type SamplePart = {
  readonly ids: readonly string[];
  /** `[ids.length, dimension]` */
  readonly vectors: Float32Array;
  /** Cursor of the scan before the part (null: the beginning) and behind it. */
  readonly from: string | null;
  readonly to: string;
};

/**
 * Port: the parts of a sample that is being drawn for the training above `version`: what a training that was killed has
 * drawn already. Parts older than a day are no longer given: the collection has changed since.
 */
export type SampleParts = {
  read(identity: string, version: number, dimension: number): Promise<readonly SamplePart[]>;
  /** Keeps the part unless there is one of that number. */
  write(identity: string, version: number, number: number, part: SamplePart): Promise<void>;
  clear(identity: string): Promise<void>;
};

const oldestMs = 86_400_000;

const file = z.object({
  ids: z.array(z.string()),
  /** `[ids.length, dimension]` row-major little-endian float32, base64. */
  vectors: z.string(),
  from: z.string().nullable(),
  to: z.string(),
});

const prefixOf = (identity: string): string => `centroids/${identity}/sample/`;
/** Padded: listings are in order of the text. */
const keyOf = (identity: string, version: number, number: number): string =>
  `${prefixOf(identity)}${version}/${String(number).padStart(6, "0")}.json`;

export const bucketSampleParts = (bucket: Bucket, now: () => number): SampleParts => ({
  read: async (identity, version, dimension) => {
    const parts: SamplePart[] = [];
    for (let number = 0; ; number++) {
      const object = await bucket.get(keyOf(identity, version, number));
      if (object === null) return parts;
      const { vectors, ...rest } = file.parse(JSON.parse(await text(object.body)));
      // A part that another training drew from elsewhere does not join on.
      const joins = rest.from === (parts.at(-1)?.to ?? null);
      if (!joins || now() - object.lastModified > oldestMs) return parts;
      parts.push({ ...rest, vectors: decodeVectors(vectors, rest.ids.length, dimension) });
    }
  },
  write: async (identity, version, number, { vectors, ...rest }) => {
    const body = JSON.stringify({ ...rest, vectors: encodeVectors(vectors) });
    await bucket.put(keyOf(identity, version, number), body, {
      condition: { ifNoneMatch: "*" },
      contentType: "application/json",
    });
  },
  clear: async (identity) => {
    const { objects } = await bucket.list({ prefix: prefixOf(identity) });
    if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key));
  },
});
