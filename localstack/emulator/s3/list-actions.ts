import { S3Fault } from "./fault.ts";
import { encodeKey } from "./notifications.ts";
import type { ListedObject, ObjectStore } from "./object-store.ts";
import { type S3Action, type S3Request, xmlResponse } from "./request.ts";
import { toXml, type XmlFields } from "./xml.ts";

type Page = {
  readonly objects: readonly ListedObject[];
  readonly prefixes: readonly string[];
  /** The last key or common prefix of the page, when there is more. */
  readonly last: string | undefined;
};

type Selection = {
  readonly prefix: string;
  readonly delimiter: string;
  /** Only what comes after this key or common prefix, by UTF-8 bytes. */
  readonly after: string;
  readonly limit: number;
};

const isBefore = (a: string, b: string): boolean => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;

/** The common prefix that a key is rolled up into, or undefined. */
const rollUp = (key: string, { prefix, delimiter }: Selection): string | undefined => {
  const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
};

const candidates = (store: ObjectStore, bucket: string, { prefix, after }: Selection) =>
  isBefore(after, prefix) ? store.scan(bucket, prefix, false) : store.scan(bucket, after, after !== "");

const page = (store: ObjectStore, bucket: string, selection: Selection): Page => {
  const objects: ListedObject[] = [];
  const prefixes: string[] = [];
  let last: string | undefined;
  // A common prefix counts once, and not at all when the page before ended in it.
  let rolledUp: string | undefined = selection.after;
  for (const object of candidates(store, bucket, selection)) {
    if (!object.key.startsWith(selection.prefix)) break;
    const common = rollUp(object.key, selection);
    if (common !== undefined && common === rolledUp) continue;
    if (objects.length + prefixes.length >= selection.limit) return { objects, prefixes, last };
    if (common === undefined) objects.push(object);
    else prefixes.push(common);
    rolledUp = common;
    last = common ?? object.key;
  }
  return { objects, prefixes, last: undefined };
};

const limitOf = ({ query }: S3Request): number => {
  const value = query.get("max-keys") ?? "1000";
  if (!/^\d{1,10}$/.test(value))
    throw new S3Fault(400, "InvalidArgument", "Provided max-keys not an integer or within integer range", {
      ArgumentName: "max-keys",
      ArgumentValue: value,
    });
  return Math.min(Number(value), 1000);
};

const decodeToken = (token: string): string => Buffer.from(token, "base64url").toString("utf8");

type Dialect = {
  readonly after: string;
  /** What this version of the call says about where the page begins and the next one would. */
  readonly fields: (last: string | undefined, count: number, text: (value: string) => string) => XmlFields;
};

const version2 = ({ query }: S3Request): Dialect => {
  const token = query.get("continuation-token");
  const startAfter = query.get("start-after");
  return {
    after: token === null ? (startAfter ?? "") : decodeToken(token),
    fields: (last, count, text) => ({
      StartAfter: startAfter === null ? undefined : text(startAfter),
      ContinuationToken: token ?? undefined,
      NextContinuationToken: last === undefined ? undefined : Buffer.from(last).toString("base64url"),
      KeyCount: String(count),
    }),
  };
};

const version1 = ({ query }: S3Request): Dialect => {
  const marker = query.get("marker") ?? "";
  return {
    after: marker,
    fields: (last, _, text) => ({
      Marker: text(marker),
      NextMarker: last === undefined ? undefined : text(last),
    }),
  };
};

/** ListObjectsV2 and, without `list-type=2`, ListObjects. */
export const listObjects: S3Action = (request, { objects: store }) => {
  const { query, bucket } = request;
  store.bucket(bucket);
  const { after, fields } = query.get("list-type") === "2" ? version2(request) : version1(request);
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const limit = limitOf(request);
  const { objects, prefixes, last } = page(store, bucket, { prefix, delimiter, after, limit });
  const isEncoded = query.get("encoding-type") === "url";
  const text = (value: string): string => (isEncoded ? encodeKey(value) : value);
  const body = toXml("ListBucketResult", {
    Name: bucket,
    Prefix: text(prefix),
    ...fields(last, objects.length + prefixes.length, text),
    MaxKeys: String(limit),
    Delimiter: delimiter === "" ? undefined : text(delimiter),
    EncodingType: isEncoded ? "url" : undefined,
    IsTruncated: String(last !== undefined),
    Contents: objects.map(({ key, etag, size, modifiedAt }) => ({
      Key: text(key),
      LastModified: new Date(modifiedAt).toISOString(),
      ETag: etag,
      Size: String(size),
      StorageClass: "STANDARD",
    })),
    CommonPrefixes: prefixes.map((common) => ({ Prefix: text(common) })),
  });
  return xmlResponse(body);
};
