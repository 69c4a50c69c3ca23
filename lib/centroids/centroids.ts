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
  /** The current version as it is now. */
  latest(identity: string): Promise<PublishedCentroids | null>;
  /** Read it before training. */
  basis(identity: string): Promise<Basis>;
  /**
   * Publishes under the next version, above `above` too (the highest version that rows carry, should the bucket have
   * been lost). Null: somebody else published since `basis`.
   */
  publish(training: Training, basis: Basis, above?: number): Promise<PublishedCentroids | null>;
  /**
   * Adds to a version what was found out about it; it goes when the version goes. False: the version is no longer the
   * current one, or has it already; nothing is left behind.
   */
  attach(version: VersionOf, part: Part, text: string): Promise<boolean>;
  /** What was attached to the version; null: nothing (yet), or the version is no longer the current one. */
  attached(version: VersionOf, part: Part): Promise<string | null>;
};

type VersionOf = Pick<PublishedCentroids, "identity" | "version">;
type Part = "survey" | "map";

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

/** Swaps the pointer; true also when a request whose reply was lost was sent again and met its own write. */
const swapPointer = async (
  bucket: Bucket,
  identity: string,
  etag: string | null,
  pointer: Pointer,
): Promise<boolean> => {
  const body = JSON.stringify(pointer);
  const written = await bucket.put(pointerKey(identity), body, {
    condition: etag === null ? { ifNoneMatch: "*" } : { ifMatch: etag },
    contentType: "application/json",
  });
  if ("etag" in written) return true;
  return JSON.stringify((await readPointer(bucket, identity))?.pointer) === body;
};

const filesOf = ({ data, survey, map }: Pointer): readonly string[] =>
  [data, survey, map].filter((key) => key !== undefined);

/** Gives the files that the pointer no longer names; null: somebody else published since `basis`. */
const replacePointer = async (
  bucket: Bucket,
  identity: string,
  basis: Basis,
  pointer: Pointer,
): Promise<readonly string[] | null> => {
  for (let replaced: readonly string[] = []; ; ) {
    const read = await readPointer(bucket, identity);
    // The reply to a swap was lost, and somebody attached to what it published.
    if (read?.pointer.data === pointer.data) return replaced;
    if ((read?.pointer.version ?? 0) !== basis.version) return null;
    replaced = read === null ? [] : filesOf(read.pointer);
    // It fails also when something was attached to the version of the basis at this moment: look again.
    if (await swapPointer(bucket, identity, read?.etag ?? null, pointer)) return replaced;
  }
};

/** What is found out about a version after it was published: files of their own that the pointer names. */
const attachments = (bucket: Bucket, nonce: () => string): Pick<Centroids, "attach" | "attached"> => ({
  attach: async ({ identity, version }, part, content) => {
    const key = `${folder(identity)}/${version}-${part}-${nonce()}.json`;
    await bucket.put(key, content, { contentType: "application/json" });
    for (;;) {
      const read = await readPointer(bucket, identity);
      if (read?.pointer[part] === key) return true;
      if (read === null || read.pointer.version !== version || read.pointer[part] !== undefined) break;
      // Another part may be attached at the same moment: look again.
      if (await swapPointer(bucket, identity, read.etag, { ...read.pointer, [part]: key })) return true;
    }
    await bucket.delete([key]);
    return false;
  },
  attached: async ({ identity, version }, part) => {
    const read = await readPointer(bucket, identity);
    const key = read?.pointer.version === version ? read.pointer[part] : undefined;
    return key === undefined ? null : ((await readText(bucket, key))?.body ?? null);
  },
});

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

  return {
    ...attachments(bucket, nonce),
    current: cached.read,
    latest: async (identity) => (await readCurrent(bucket, identity, null))?.published ?? null,
    basis: async (identity) => {
      const read = await readPointer(bucket, identity);
      if (read === null) return { version: 0, published: false };
      const published = (await bucket.head(read.pointer.data)) !== null;
      return { version: read.pointer.version, published };
    },
    publish: async (training, basis, above = 0) => {
      const { identity } = training;
      const version = Math.max(basis.version, above) + 1;
      const data = `${folder(identity)}/${version}-${nonce()}.json`;
      const published = { ...training, version };
      await bucket.put(data, encodePublished(published), { contentType: "application/json" });
      const replaced = await replacePointer(bucket, identity, basis, { version, data });
      if (replaced === null) {
        await bucket.delete([data]);
        return null;
      }
      cached.keep({ data, published });
      // Who is about to read the file that was replaced finds the new pointer when it looks again.
      if (replaced.length > 0) await bucket.delete(replaced);
      return published;
    },
  };
};
