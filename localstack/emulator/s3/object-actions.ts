import { isNotModified, writeCondition } from "./conditions.ts";
import { noSuchKey, notImplemented, S3Fault } from "./fault.ts";
import type { Description, NewObject, StoredObject } from "./object-rows.ts";
import { parseRange } from "./range.ts";
import { checksumHeaders, receiveBody } from "./receive-body.ts";
import {
  describe,
  encodeMetadata,
  header,
  type S3Action,
  type S3Request,
  type S3Response,
  type S3Stores,
  xmlResponse,
} from "./request.ts";
import { tagsOfHeader } from "./tags.ts";
import { toXml } from "./xml.ts";

export const putObject: S3Action = async (request, { objects }) => {
  objects.bucket(request.bucket);
  const check = writeCondition(request.headers, request.key);
  const description = describe(request.headers);
  const body = await receiveBody(request, objects.bodies);
  try {
    const object = {
      ...description,
      key: request.key,
      etag: `"${body.md5}"`,
      checksums: body.checksums,
      body: { size: body.size, inline: body.inline, segments: body.segments },
    };
    objects.put(request.bucket, object, { event: "ObjectCreated:Put", requestId: request.id }, check);
    return { status: 200, headers: { etag: object.etag, ...checksumHeaders(body.checksums) } };
  } catch (error) {
    objects.bodies.remove(body.segments);
    throw error;
  }
};

const copyConditions = [
  "x-amz-copy-source-if-match",
  "x-amz-copy-source-if-none-match",
  "x-amz-copy-source-if-modified-since",
  "x-amz-copy-source-if-unmodified-since",
];

/** The object that `x-amz-copy-source` names. */
export const copySource = ({ headers }: S3Request, { objects }: S3Stores): StoredObject => {
  const condition = copyConditions.find((name) => headers[name] !== undefined);
  if (condition) throw notImplemented(condition);
  const source = decodeURIComponent(header(headers, "x-amz-copy-source") ?? "").replace(/^\//, "");
  const slash = source.indexOf("/");
  if (slash < 1)
    throw new S3Fault(400, "InvalidArgument", "Copy Source must mention the source bucket and key");
  const bucket = objects.bucket(source.slice(0, slash)).name;
  const object = objects.find(bucket, source.slice(slash + 1));
  if (!object) throw noSuchKey(source.slice(slash + 1));
  return object;
};

export const copyObject: S3Action = (request, stores) => {
  const { objects } = stores;
  objects.bucket(request.bucket);
  const source = copySource(request, stores);
  const isReplaced = header(request.headers, "x-amz-metadata-directive") === "REPLACE";
  const isRetagged = header(request.headers, "x-amz-tagging-directive") === "REPLACE";
  const description: Pick<Description, "headers" | "metadata"> = isReplaced
    ? describe(request.headers)
    : source;
  const body = objects.bodies.copy(source.body);
  const copy: NewObject = {
    headers: description.headers,
    metadata: description.metadata,
    tags: isRetagged ? tagsOfHeader(header(request.headers, "x-amz-tagging")) : source.tags,
    key: request.key,
    etag: source.etag,
    checksums: source.checksums,
    body,
  };
  try {
    const cause = { event: "ObjectCreated:Copy", requestId: request.id } as const;
    const { modifiedAt } = objects.put(
      request.bucket,
      copy,
      cause,
      writeCondition(request.headers, request.key),
    );
    const lastModified = new Date(modifiedAt).toISOString();
    return xmlResponse(toXml("CopyObjectResult", { LastModified: lastModified, ETag: copy.etag }));
  } catch (error) {
    objects.bodies.remove(body.segments);
    throw error;
  }
};

/** Presigned links may set these headers of the answer. */
const overrides = [
  "content-type",
  "content-language",
  "expires",
  "cache-control",
  "content-disposition",
  "content-encoding",
];

const objectHeaders = (object: StoredObject, request: S3Request): Record<string, string> => {
  const headers: Record<string, string> = {
    ...object.headers,
    etag: object.etag,
    "last-modified": new Date(object.modifiedAt).toUTCString(),
    "accept-ranges": "bytes",
  };
  for (const name of overrides) {
    const value = request.query.get(`response-${name}`);
    if (value !== null) headers[name] = encodeMetadata(value);
  }
  for (const [name, value] of Object.entries(object.metadata))
    headers[`x-amz-meta-${name}`] = encodeMetadata(value);
  const tags = Object.keys(object.tags).length;
  return tags === 0 ? headers : { ...headers, "x-amz-tagging-count": String(tags) };
};

const readObject: S3Action = (request, { objects }): S3Response => {
  objects.bucket(request.bucket);
  if (request.query.has("partNumber")) throw notImplemented("GET and HEAD with partNumber");
  const object = objects.find(request.bucket, request.key);
  if (!object) throw noSuchKey(request.key);
  const headers = objectHeaders(object, request);
  if (isNotModified(request.headers, object))
    return { status: 304, headers: { etag: object.etag, "last-modified": headers["last-modified"] ?? "" } };
  const { size } = object.body;
  const range = parseRange(header(request.headers, "range"), size);
  const length = range ? range.end - range.start + 1 : size;
  const shared = { ...headers, "content-length": String(length) };
  const body = (): Pick<S3Response, "body"> =>
    request.method === "HEAD" || length === 0
      ? {}
      : { body: objects.bodies.read(object.body, range?.start, range?.end) };
  if (!range) {
    const wantsChecksum = header(request.headers, "x-amz-checksum-mode")?.toUpperCase() === "ENABLED";
    const checksums = wantsChecksum ? checksumHeaders(object.checksums) : {};
    return { status: 200, headers: { ...shared, ...checksums }, ...body() };
  }
  const contentRange = `bytes ${range.start}-${range.end}/${size}`;
  return { status: 206, headers: { ...shared, "content-range": contentRange }, ...body() };
};

export const getObject: S3Action = readObject;
export const headObject: S3Action = readObject;

export const deleteObject: S3Action = ({ bucket, key, id, headers }, { objects }) => {
  objects.remove(bucket, key, id, writeCondition(headers, key));
  return { status: 204 };
};
