import { text } from "node:stream/consumers";
import type { Bucket } from "../aws/bucket.ts";
import {
  decodePublished,
  encodePublished,
  type Pointer,
  type PublishedCentroids,
  pointerSchema,
  type Training,
} from "./published.ts";

/** What a trainer saw before it began: its publication holds only if nobody published since. */
export type Basis = {
  /** 0: nothing was ever published. */
  readonly version: number;
  readonly etag: string | null;
  /** False also when the version's data has been lost. */
  readonly published: boolean;
};

/**
 * The published centroids of each embedding identity, in the state bucket.
 *
 * Versions only grow. Of two trainers that began from one basis, one publishes; the other gets null and has left nothing
 * behind. A crash in between leaves a data file that nothing points to, never a version without data.
 */
export type Centroids = {
  /** The current version; null when nothing is published. May be as old as the cache's time to live. */
  current(identity: string): Promise<PublishedCentroids | null>;
  /** Read it before training. */
  basis(identity: string): Promise<Basis>;
  /**
   * Publishes under the next version, above `above` too (the highest version that rows carry, should the bucket have
   * been lost). Null: somebody else published since `basis`.
   */
  publish(training: Training, basis: Basis, above?: number): Promise<PublishedCentroids | null>;
};

const folder = (identity: string): string => `centroids/${identity}`;
const pointerKey = (identity: string): string => `${folder(identity)}/current.json`;

const readText = async (bucket: Bucket, key: string): Promise<{ body: string; etag: string } | null> => {
  const object = await bucket.get(key);
  return object === null ? null : { body: await text(object.body), etag: object.etag };
};

const readPointer = async (
  bucket: Bucket,
  identity: string,
): Promise<{ pointer: Pointer; etag: string } | null> => {
  const read = await readText(bucket, pointerKey(identity));
  return read && { pointer: pointerSchema.parse(JSON.parse(read.body)), etag: read.etag };
};

type Held = { readonly data: string; readonly published: PublishedCentroids };

/**
 * The data that the pointer names. When that is gone, a newer pointer has replaced it: look again. Data that stays away
 * or cannot be read is as good as nothing published: the next training replaces it.
 */
const readCurrent = async (bucket: Bucket, identity: string, held: Held | null): Promise<Held | null> => {
  for (let attempt = 0; attempt < 3; attempt++) {
    const read = await readPointer(bucket, identity);
    if (read === null) return null;
    const { data } = read.pointer;
    if (data === held?.data) return held;
    const content = await readText(bucket, data);
    const published = content && decodePublished(content.body);
    if (published) return { data, published };
  }
  return null;
};

type Cached = { held: Held | null; checkedAt: number; checking: Promise<void> | null };

/** Keeps each identity's centroids for `ttlMs`; an outage of S3 prolongs what is held. Callers share one look-up. */
const cachedReader = (bucket: Bucket, ttlMs: number, now: () => number) => {
  const cache = new Map<string, Cached>();
  const check = async (identity: string, entry: Cached): Promise<void> => {
    try {
      entry.held = await readCurrent(bucket, identity, entry.held);
    } catch (error) {
      if (entry.held === null) throw error;
    } finally {
      entry.checking = null;
    }
    entry.checkedAt = now();
  };
  const entryOf = (identity: string): Cached => {
    const known = cache.get(identity) ?? { held: null, checkedAt: Number.NEGATIVE_INFINITY, checking: null };
    cache.set(identity, known);
    return known;
  };
  return {
    read: async (identity: string): Promise<PublishedCentroids | null> => {
      const entry = entryOf(identity);
      if (now() - entry.checkedAt >= ttlMs) {
        entry.checking ??= check(identity, entry);
        await entry.checking;
      }
      return entry.held?.published ?? null;
    },
    /** So that whoever published sees it at once. */
    keep: (held: Held): void => {
      Object.assign(entryOf(held.published.identity), { held, checkedAt: now() });
    },
  };
};

export const bucketCentroids = (options: {
  readonly bucket: Bucket;
  readonly now: () => number;
  /** Fresh on each call: names the data file of one attempt. */
  readonly nonce: () => string;
  /** How long a copy is used without asking again. */
  readonly ttlMs?: number;
}): Centroids => {
  const { bucket, now, nonce } = options;
  const cached = cachedReader(bucket, options.ttlMs ?? 5_000, now);

  const swap = async (identity: string, { etag }: Basis, pointer: Pointer): Promise<boolean> => {
    const written = await bucket.put(pointerKey(identity), JSON.stringify(pointer), {
      condition: etag === null ? { ifNoneMatch: "*" } : { ifMatch: etag },
      contentType: "application/json",
    });
    if ("etag" in written) return true;
    // A request whose reply was lost was sent again and met its own write.
    return (await readPointer(bucket, identity))?.pointer.data === pointer.data;
  };

  return {
    current: cached.read,
    basis: async (identity) => {
      const read = await readPointer(bucket, identity);
      if (read === null) return { version: 0, etag: null, published: false };
      const published = (await bucket.head(read.pointer.data)) !== null;
      return { version: read.pointer.version, etag: read.etag, published };
    },
    publish: async (training, basis, above = 0) => {
      const { identity } = training;
      const version = Math.max(basis.version, above) + 1;
      const data = `${folder(identity)}/${version}-${nonce()}.json`;
      const published = { ...training, version };
      const replaced = basis.etag === null ? null : await readPointer(bucket, identity);
      await bucket.put(data, encodePublished(published), { contentType: "application/json" });
      if (!(await swap(identity, basis, { version, data }))) {
        await bucket.delete([data]);
        return null;
      }
      cached.keep({ data, published });
      // Who is about to read the file that was replaced finds the new pointer when it looks again.
      if (replaced !== null) await bucket.delete([replaced.pointer.data]);
      return published;
    },
  };
};
