import type { Readable } from "node:stream";

export type ObjectHead = {
  readonly key: string;
  /** As S3 gives it, quotes included: only ever compared for equality. */
  readonly etag: string;
  readonly size: number;
  /** ms since 1970 */
  readonly lastModified: number;
  readonly contentType: string;
  /** User metadata, names in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
};

/** By name, as they were given: S3 lets a name have spaces and `.:/=+@` too. */
export type Tags = Readonly<Record<string, string>>;

export type StoredObject = ObjectHead & {
  /** Read it to the end or destroy it: an unread body holds a connection. */
  readonly body: Readable;
};

export type ListedObject = Pick<ObjectHead, "key" | "etag" | "size" | "lastModified">;

export type PutCondition = { readonly ifMatch: string } | { readonly ifNoneMatch: "*" };

/**
 * Port: one bucket. Reads and listings are strongly consistent, as S3's are.
 * A missing key gives null. An outage throws `AWS_UNAVAILABLE`.
 */
export type Bucket = {
  readonly name: string;
  head(key: string): Promise<ObjectHead | null>;
  get(key: string): Promise<StoredObject | null>;
  /** The object's tags; they change without its ETag and time. */
  tags(key: string): Promise<Tags | null>;
  /**
   * Writes; with a condition that does not hold nothing is written and the answer is `{ conflict: true }` (S3: 412).
   * S3's 409 (a concurrent write) is tried again inside.
   */
  put(
    key: string,
    body: string | Uint8Array,
    options?: { readonly condition?: PutCondition; readonly contentType?: string },
  ): Promise<{ readonly etag: string } | { readonly conflict: true }>;
  /** In order of UTF-8 bytes of the key; at most 1,000 a page. */
  list(options: {
    readonly prefix: string;
    readonly cursor?: string;
    readonly limit?: number;
  }): Promise<{ readonly objects: readonly ListedObject[]; readonly cursor?: string }>;
  /** Deleting what is not there succeeds. */
  delete(keys: readonly string[]): Promise<void>;
};
