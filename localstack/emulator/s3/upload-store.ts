import { createHash, randomUUID } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { all, one } from "../database.ts";
import type { Body, BodyStore, Segment } from "./body-store.ts";
import { S3Fault } from "./fault.ts";
import type { Description, StoredObject } from "./object-rows.ts";
import type { Cause, Check, ObjectStore } from "./object-store.ts";

type UploadRow = {
  id: string;
  bucket: string;
  key: string;
  started_at: number;
  headers: string;
  metadata: string;
  tags: string;
};
type PartRow = { number: number; size: number; etag: string; segments: string };

export type PartName = { readonly number: number; readonly etag: string };

const smallestPart = 5 * 1024 * 1024;

const prepare = (database: DatabaseSync) => {
  const sql = (text: string): StatementSync => database.prepare(text);
  return {
    start: sql(
      "INSERT INTO uploads (id, bucket, key, started_at, headers, metadata, tags) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ),
    find: sql("SELECT * FROM uploads WHERE id = ? AND bucket = ? AND key = ?"),
    drop: sql("DELETE FROM uploads WHERE id = ?"),
    part: sql("SELECT * FROM parts WHERE upload = ? AND number = ?"),
    parts: sql("SELECT * FROM parts WHERE upload = ? ORDER BY number"),
    putPart: sql("INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?)"),
  };
};

const invalidPart = (): S3Fault =>
  new S3Fault(
    400,
    "InvalidPart",
    "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
  );

const bodyOf = (part: PartRow): Body => ({
  size: part.size,
  inline: null,
  segments: JSON.parse(part.segments) as Segment[],
});

const bare = (etag: string): string => etag.replaceAll('"', "");

/** Multipart uploads. Parts are files, whatever their size; completing joins them by name, so no bytes are copied. */
export class UploadStore {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #objects: ObjectStore;

  constructor(database: DatabaseSync, objects: ObjectStore) {
    this.#statements = prepare(database);
    this.#objects = objects;
  }

  get #bodies(): BodyStore {
    return this.#objects.bodies;
  }

  start(bucket: string, key: string, { headers, metadata, tags }: Description): string {
    this.#objects.bucket(bucket);
    const id = randomUUID();
    this.#statements.start.run(
      id,
      bucket,
      key,
      Date.now(),
      JSON.stringify(headers),
      JSON.stringify(metadata),
      JSON.stringify(tags),
    );
    return id;
  }

  /** @throws S3Fault `NoSuchUpload` */
  check(id: string, bucket: string, key: string): UploadRow {
    const upload = one<UploadRow>(this.#statements.find, id, bucket, key);
    if (upload) return upload;
    throw new S3Fault(
      404,
      "NoSuchUpload",
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
      { UploadId: id },
    );
  }

  putPart(id: string, number: number, body: Body, md5: string): string {
    const etag = `"${md5}"`;
    const segments = JSON.stringify(body.segments);
    const previous = one<PartRow>(this.#statements.part, id, number);
    this.#statements.putPart.run(id, number, body.size, etag, segments);
    if (previous) this.#bodies.remove(bodyOf(previous).segments);
    return etag;
  }

  parts(id: string): readonly { number: number; size: number; etag: string }[] {
    return all<PartRow>(this.#statements.parts, id).map(({ number, size, etag }) => ({ number, size, etag }));
  }

  abort(id: string, bucket: string, key: string): void {
    this.check(id, bucket, key);
    const parts = all<PartRow>(this.#statements.parts, id);
    this.#statements.drop.run(id);
    for (const part of parts) this.#bodies.remove(bodyOf(part).segments);
  }

  #chosen(id: string, names: readonly PartName[]): PartRow[] {
    const stored = new Map(all<PartRow>(this.#statements.parts, id).map((part) => [part.number, part]));
    return names.map((name, index) => {
      if (index > 0 && name.number <= (names[index - 1]?.number ?? 0))
        throw new S3Fault(
          400,
          "InvalidPartOrder",
          "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
        );
      const part = stored.get(name.number);
      if (!part || bare(part.etag) !== bare(name.etag)) throw invalidPart();
      if (index < names.length - 1 && part.size < smallestPart)
        throw new S3Fault(
          400,
          "EntityTooSmall",
          "Your proposed upload is smaller than the minimum allowed size",
        );
      return part;
    });
  }

  /** Makes an object of the named parts; the upload is over. @throws S3Fault when they are not what was uploaded */
  complete(
    upload: { readonly id: string; readonly bucket: string; readonly key: string },
    names: readonly PartName[],
    cause: Cause,
    check: Check,
  ): StoredObject {
    const { id, bucket, key } = upload;
    const { headers, metadata, tags } = this.check(id, bucket, key);
    if (names.length === 0) throw new S3Fault(400, "MalformedXML", "You must specify at least one part");
    const chosen = this.#chosen(id, names);
    const bodies = chosen.map(bodyOf);
    const digests = chosen.map(({ etag }) => Buffer.from(bare(etag), "hex"));
    const md5 = createHash("md5").update(Buffer.concat(digests)).digest("hex");
    const object = {
      key,
      etag: `"${md5}-${chosen.length}"`,
      headers: JSON.parse(headers) as Record<string, string>,
      metadata: JSON.parse(metadata) as Record<string, string>,
      tags: JSON.parse(tags) as Record<string, string>,
      checksums: {},
      body: joined(bodies),
    };
    const kept = new Set(chosen.map(({ number }) => number));
    const unused = all<PartRow>(this.#statements.parts, id).filter(({ number }) => !kept.has(number));
    const stored = this.#objects.put(bucket, object, cause, check, () => this.#statements.drop.run(id));
    for (const part of unused) this.#bodies.remove(bodyOf(part).segments);
    return stored;
  }
}

const joined = (bodies: readonly Body[]): Body => ({
  size: bodies.reduce((sum, { size }) => sum + size, 0),
  inline: null,
  segments: bodies.flatMap(({ segments }) => segments),
});
