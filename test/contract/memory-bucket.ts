import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type {
  Bucket,
  ListedObject,
  ObjectHead,
  PutCondition,
  StoredObject,
  Tags,
} from "../../lib/aws/bucket.ts";

type Kept = Omit<ObjectHead, "key"> & { readonly bytes: Uint8Array; readonly tags: Tags };

/** A bucket in memory with S3's meaning: ETags of the content, conditional writes, listings in order of UTF-8 bytes. */
export type MemoryBucket = Bucket & {
  /** As an uploader would: with metadata and tags of its own. */
  upload(key: string, body: string | Uint8Array, options?: UploadOptions): void;
  /** Other tags for what is there; everything else stays as it is. */
  retag(key: string, tags: Tags): void;
  readonly objects: ReadonlyMap<string, Kept>;
};
export type UploadOptions = {
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tags?: Tags;
};

const compareBytes = (a: string, b: string): number =>
  /^[\0-\x7f]*$/.test(a + b) ? (a < b ? -1 : a > b ? 1 : 0) : Buffer.compare(Buffer.from(a), Buffer.from(b));

const holds = (condition: PutCondition | undefined, current: Kept | undefined): boolean => {
  if (condition === undefined) return true;
  return "ifMatch" in condition ? current?.etag === condition.ifMatch : current === undefined;
};

export const memoryBucket = (name: string, clock: () => number = Date.now): MemoryBucket => {
  const objects = new Map<string, Kept>();
  const keep = (key: string, body: string | Uint8Array, options: UploadOptions): string => {
    const bytes = Buffer.from(body);
    const etag = `"${createHash("md5").update(bytes).digest("hex")}"`;
    objects.set(key, {
      etag,
      size: bytes.byteLength,
      lastModified: clock(),
      contentType: options.contentType ?? "application/octet-stream",
      metadata: options.metadata ?? {},
      tags: options.tags ?? {},
      bytes,
    });
    return etag;
  };
  const headOf = (key: string): ObjectHead | null => {
    const kept = objects.get(key);
    if (kept === undefined) return null;
    const { bytes: _, tags: _tags, ...head } = kept;
    return { key, ...head };
  };

  return {
    name,
    objects,
    upload: (key, body, options = {}) => {
      keep(key, body, options);
    },
    retag: (key, tags) => {
      const kept = objects.get(key);
      if (kept !== undefined) objects.set(key, { ...kept, tags });
    },
    head: async (key) => headOf(key),
    tags: async (key) => objects.get(key)?.tags ?? null,
    get: async (key): Promise<StoredObject | null> => {
      const head = headOf(key);
      const bytes = objects.get(key)?.bytes;
      if (head === null || bytes === undefined) return null;
      return { ...head, body: Readable.from(bytes.byteLength === 0 ? [] : [bytes]) };
    },
    put: async (key, body, options = {}) => {
      if (!holds(options.condition, objects.get(key))) return { conflict: true };
      return { etag: keep(key, body, options) };
    },
    list: async ({ prefix, cursor, limit = 1000 }) => {
      const keys = [...objects.keys()]
        .filter((key) => key.startsWith(prefix) && (cursor === undefined || compareBytes(key, cursor) > 0))
        .sort(compareBytes);
      const page = keys.slice(0, limit);
      const listed = page.map((key): ListedObject => {
        const { etag, size, lastModified } = objects.get(key)!;
        return { key, etag, size, lastModified };
      });
      const last = page.at(-1);
      return {
        objects: listed,
        ...(keys.length > page.length && last !== undefined ? { cursor: last } : {}),
      };
    },
    delete: async (keys) => {
      for (const key of keys) objects.delete(key);
    },
  };
};
