import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Body, Segment } from "./body-store.ts";
import type { CorsRule } from "./cors.ts";
import type { NotificationRule } from "./notifications.ts";
import type { Tags } from "./tags.ts";

export type Bucket = {
  readonly name: string;
  readonly createdAt: number;
  readonly notifications: readonly NotificationRule[];
  readonly cors: readonly CorsRule[];
};

/** What a client says of an object besides its bytes. */
export type Description = {
  /** Content-Type, Cache-Control and the like, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Tags;
};

export type NewObject = Description & {
  readonly key: string;
  /** In quotes. */
  readonly etag: string;
  /** base64 by lower-case algorithm, of the whole object. */
  readonly checksums: Readonly<Record<string, string>>;
  readonly body: Body;
};

export type StoredObject = NewObject & { readonly modifiedAt: number };

export type ObjectRow = {
  key: string;
  size: number;
  etag: string;
  modified_at: number;
  headers: string;
  metadata: string;
  checksums: string;
  segments: string;
  inline: Uint8Array | null;
  tags: string;
};

type Strings = Record<string, string>;

export const objectFromRow = (row: ObjectRow): StoredObject => ({
  key: row.key,
  etag: row.etag,
  modifiedAt: row.modified_at,
  headers: JSON.parse(row.headers) as Strings,
  metadata: JSON.parse(row.metadata) as Strings,
  tags: JSON.parse(row.tags) as Strings,
  checksums: JSON.parse(row.checksums) as Strings,
  body: { size: row.size, inline: row.inline, segments: JSON.parse(row.segments) as Segment[] },
});

export const objectStatements = (database: DatabaseSync) => {
  const sql = (text: string): StatementSync => database.prepare(text);
  return {
    buckets: sql("SELECT * FROM buckets"),
    putBucket: sql(
      "INSERT INTO buckets VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET notifications = excluded.notifications, cors = excluded.cors",
    ),
    dropUploads: sql("DELETE FROM uploads WHERE bucket = ?"),
    dropBucket: sql("DELETE FROM buckets WHERE name = ?"),
    find: sql("SELECT * FROM objects WHERE bucket = ? AND key = ?"),
    put: sql(
      "INSERT OR REPLACE INTO objects (bucket, key, size, etag, modified_at, headers, metadata, checksums, segments, inline, tags) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ),
    retag: sql("UPDATE objects SET tags = ? WHERE bucket = ? AND key = ?"),
    remove: sql("DELETE FROM objects WHERE bucket = ? AND key = ?"),
    from: sql("SELECT key, size, etag, modified_at FROM objects WHERE bucket = ? AND key >= ? ORDER BY key"),
    after: sql("SELECT key, size, etag, modified_at FROM objects WHERE bucket = ? AND key > ? ORDER BY key"),
    any: sql("SELECT 1 AS found FROM objects WHERE bucket = ? LIMIT 1"),
    segments: sql(
      "SELECT segments FROM objects WHERE segments <> '[]' UNION ALL SELECT segments FROM parts WHERE segments <> '[]'",
    ),
    nextSequence: sql(
      "INSERT INTO counters VALUES ('sequencer', ?) ON CONFLICT (name) DO UPDATE SET value = max(value + 1, excluded.value) RETURNING value",
    ),
  };
};

export type ObjectStatements = ReturnType<typeof objectStatements>;

export type BucketRow = { name: string; created_at: number; notifications: string; cors: string };

export const bucketFromRow = (row: BucketRow): Bucket => ({
  name: row.name,
  createdAt: row.created_at,
  notifications: JSON.parse(row.notifications) as NotificationRule[],
  cors: JSON.parse(row.cors) as CorsRule[],
});
