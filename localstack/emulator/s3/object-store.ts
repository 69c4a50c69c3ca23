import type { DatabaseSync } from "node:sqlite";
import type { ActivityFeed } from "../activity.ts";
import { all, each, one, transaction } from "../database.ts";
import type { QueueStore } from "../sqs/queue-store.ts";
import type { BodyStore, Segment } from "./body-store.ts";
import { noSuchBucket, noSuchKey, S3Fault } from "./fault.ts";
import { type EventName, eventMessage, testEvent, wants } from "./notifications.ts";
import {
  type Bucket,
  type BucketRow,
  bucketFromRow,
  type NewObject,
  type ObjectRow,
  type ObjectStatements,
  objectFromRow,
  objectStatements,
  type StoredObject,
} from "./object-rows.ts";
import type { Tags } from "./tags.ts";

export type ListedObject = Pick<StoredObject, "key" | "etag" | "modifiedAt"> & { readonly size: number };

export type Cause = { readonly event: EventName; readonly requestId: string };

/** Throws when what is there now (if anything) forbids the change; runs in the transaction that makes it. */
export type Check = (present: Pick<StoredObject, "etag" | "key"> | undefined) => void;

/**
 * Buckets and objects. A change and the notifications of it are one transaction; `change` is synchronous, so checking
 * a condition and writing are one step to every other request.
 */
export class ObjectStore {
  readonly bodies: BodyStore;
  readonly #database: DatabaseSync;
  readonly #statements: ObjectStatements;
  readonly #buckets = new Map<string, Bucket>();
  readonly #queues: QueueStore;
  readonly #region: string;
  readonly #tell: ActivityFeed["tell"];

  constructor(options: {
    readonly database: DatabaseSync;
    readonly bodies: BodyStore;
    readonly queues: QueueStore;
    readonly region: string;
    readonly feed: ActivityFeed;
  }) {
    this.bodies = options.bodies;
    this.#database = options.database;
    this.#statements = objectStatements(options.database);
    this.#queues = options.queues;
    this.#region = options.region;
    this.#tell = options.feed.tell;
    for (const row of all<BucketRow>(this.#statements.buckets))
      this.#buckets.set(row.name, bucketFromRow(row));
    const rows = all<{ segments: string }>(this.#statements.segments);
    this.bodies.sweep(
      new Set(rows.flatMap(({ segments }) => (JSON.parse(segments) as Segment[]).map(({ file }) => file))),
    );
  }

  buckets(): readonly Bucket[] {
    return [...this.#buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  findBucket(name: string): Bucket | undefined {
    return this.#buckets.get(name);
  }

  /** @throws S3Fault `NoSuchBucket` */
  bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (!bucket) throw noSuchBucket(name);
    return bucket;
  }

  /** Creates the bucket, or changes the given settings of the one that exists. */
  saveBucket(name: string, settings: Partial<Pick<Bucket, "notifications" | "cors">>): Bucket {
    const blank: Bucket = { name, createdAt: Date.now(), notifications: [], cors: [] };
    const bucket: Bucket = { ...(this.#buckets.get(name) ?? blank), ...settings };
    const { createdAt, notifications, cors } = bucket;
    this.#statements.putBucket.run(name, createdAt, JSON.stringify(notifications), JSON.stringify(cors));
    this.#buckets.set(name, bucket);
    return bucket;
  }

  /** As S3 does when notifications are set by a client. */
  sendTestEvents(bucket: Bucket, requestId: string): void {
    for (const { queue } of bucket.notifications)
      if (this.#queues.queue(queue)) this.#queues.send(queue, testEvent(bucket.name, requestId));
  }

  /** @throws S3Fault `BucketNotEmpty` */
  dropBucket(name: string): void {
    this.bucket(name);
    if (one(this.#statements.any, name))
      throw new S3Fault(409, "BucketNotEmpty", "The bucket you tried to delete is not empty", {
        BucketName: name,
      });
    this.#statements.dropUploads.run(name);
    this.#statements.dropBucket.run(name);
    this.#buckets.delete(name);
  }

  find(bucket: string, key: string): StoredObject | undefined {
    const row = one<ObjectRow>(this.#statements.find, bucket, key);
    return row && objectFromRow(row);
  }

  /**
   * Writes an object. `also` runs in the same transaction.
   * @throws whatever `check` throws; then nothing is written
   */
  put(bucket: string, object: NewObject, cause: Cause, check: Check, also?: () => void): StoredObject {
    const modifiedAt = Date.now();
    const stored: StoredObject = { ...object, modifiedAt };
    this.#change(bucket, object.key, cause, (present) => {
      check(present);
      this.#statements.put.run(
        bucket,
        object.key,
        object.body.size,
        object.etag,
        modifiedAt,
        JSON.stringify(object.headers),
        JSON.stringify(object.metadata),
        JSON.stringify(object.checksums),
        JSON.stringify(object.body.segments),
        object.body.inline,
        JSON.stringify(object.tags),
      );
      also?.();
      return stored;
    });
    return stored;
  }

  /** Removing what is not there does nothing and notifies nobody, as in S3. */
  remove(bucket: string, key: string, requestId: string, check: Check = () => undefined): void {
    const cause: Cause = { event: "ObjectRemoved:Delete", requestId };
    this.#change(bucket, key, cause, (present) => {
      check(present);
      this.#statements.remove.run(bucket, key);
      return undefined;
    });
  }

  /** Only the tags: bytes, ETag and time of the object stay. @throws S3Fault `NoSuchKey` */
  retag(bucketName: string, key: string, tags: Tags, cause: Cause): void {
    const bucket = this.bucket(bucketName);
    const queues = transaction(this.#database, () => {
      const object = this.find(bucketName, key);
      if (!object) throw noSuchKey(key);
      this.#statements.retag.run(JSON.stringify(tags), bucketName, key);
      return this.#notify(bucket, key, cause, object);
    });
    for (const queue of queues) this.#queues.announce(queue);
  }

  #change(
    bucketName: string,
    key: string,
    cause: Cause,
    apply: (present: StoredObject | undefined) => StoredObject | undefined,
  ): void {
    const bucket = this.bucket(bucketName);
    const { present, object, queues } = transaction(this.#database, () => {
      const present = this.find(bucketName, key);
      const object = apply(present);
      return { present, object, queues: present || object ? this.#notify(bucket, key, cause, object) : [] };
    });
    if (present) this.bodies.remove(present.body.segments);
    for (const queue of queues) this.#queues.announce(queue);
    if (object) this.#tell({ kind: "object-created", bucket: bucketName, key });
    else if (present) this.#tell({ kind: "object-removed", bucket: bucketName, key });
  }

  /** @returns the queues that got a message; a rule whose queue is gone is passed over */
  #notify(bucket: Bucket, key: string, { event, requestId }: Cause, object: StoredObject | undefined) {
    const rules = bucket.notifications.filter(
      (rule) => wants(rule, event, key) && this.#queues.queue(rule.queue),
    );
    if (rules.length === 0) return [];
    const at = Date.now();
    const sequence = one<{ value: number }>(this.#statements.nextSequence, at * 1000)?.value ?? 0;
    const content = object && { object: { size: object.body.size, etag: object.etag } };
    for (const rule of rules)
      this.#queues.insert(
        rule.queue,
        eventMessage(
          {
            name: event,
            bucket: bucket.name,
            key,
            ...content,
            sequence,
            at,
            requestId,
            region: this.#region,
          },
          rule,
        ),
      );
    return rules.map(({ queue }) => queue);
  }

  /** In order of the keys' UTF-8 bytes, from `from` on or, with `exclusive`, beyond it. */
  *scan(bucket: string, from: string, exclusive: boolean): Generator<ListedObject> {
    const { after, from: at } = this.#statements;
    type Row = Pick<ObjectRow, "key" | "size" | "etag" | "modified_at">;
    for (const row of each<Row>(exclusive ? after : at, bucket, from))
      yield { key: row.key, size: row.size, etag: row.etag, modifiedAt: row.modified_at };
  }
}
