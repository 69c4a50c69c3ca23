import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { decodeAwsChunked } from "./aws-chunked.ts";
import { S3Fault } from "./fault.ts";
import type { Description } from "./object-rows.ts";
import type { ObjectStore } from "./object-store.ts";
import { tagsOfHeader } from "./tags.ts";
import type { UploadStore } from "./upload-store.ts";

export type S3Request = {
  readonly id: string;
  readonly method: string;
  /** Empty for the service itself. */
  readonly bucket: string;
  /** Empty for a bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Buffer>;
};

export type S3Response = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
};

export type S3Stores = {
  readonly objects: ObjectStore;
  readonly uploads: UploadStore;
  readonly region: string;
};

export type S3Action = (request: S3Request, stores: S3Stores) => S3Response | Promise<S3Response>;

export const xmlResponse = (body: string, headers: Readonly<Record<string, string>> = {}): S3Response => ({
  status: 200,
  headers: { "content-type": "application/xml", ...headers },
  body,
});

export const header = (headers: IncomingHttpHeaders, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Fault(400, "InvalidURI", "Couldn't parse the specified URI.");
  }
};

/** `bucket.localhost` and `bucket.s3.localhost` name a bucket; `localhost` and IP addresses do not. */
const bucketOfHost = (host: string): string | undefined =>
  /^(.+?)(?:\.s3(?:[.-][a-z0-9-]+)?)?\.localhost(?::\d+)?$/i.exec(host)?.[1];

/** @throws S3Fault `InvalidURI`, `KeyTooLongError` */
export const parseRequest = (message: IncomingMessage, id: string): S3Request => {
  const url = message.url ?? "/";
  const mark = url.indexOf("?");
  const path = (mark < 0 ? url : url.slice(0, mark)).replace(/^\//, "");
  const query = new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1));
  const hostBucket = bucketOfHost(message.headers.host ?? "");
  const slash = path.indexOf("/");
  const bucket = hostBucket ?? decode(slash < 0 ? path : path.slice(0, slash));
  const rawKey = hostBucket === undefined ? (slash < 0 ? "" : path.slice(slash + 1)) : path;
  const key = decode(rawKey);
  if (Buffer.byteLength(key) > 1024) throw new S3Fault(400, "KeyTooLongError", "Your key is too long");
  return { id, method: message.method ?? "GET", bucket, key, query, headers: message.headers, body: message };
};

const isChunked = (headers: IncomingHttpHeaders): boolean =>
  (header(headers, "x-amz-content-sha256") ?? "").startsWith("STREAMING-") ||
  (header(headers, "content-encoding") ?? "").includes("aws-chunked");

/** The body without the framing that SDKs put around it. `trailers` are there once it has been read to the end. */
export const payload = ({ headers, body }: S3Request, trailers = new Map<string, string>()) =>
  isChunked(headers) ? decodeAwsChunked(body, trailers) : body;

/** All of a small body as text. @throws S3Fault `EntityTooLarge` */
export const readText = async (request: S3Request, maxBytes = 4_194_304): Promise<string> => {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of payload(request)) {
    size += piece.length;
    if (size > maxBytes)
      throw new S3Fault(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
};

const encodedWord = /=\?utf-8\?([bq])\?([^?]*)\?=(?:\s+(?==\?utf-8\?))?/gi;

/**
 * S3 keeps metadata as Unicode and writes what is not ASCII as an encoded word (RFC 2047). Node reads and writes
 * header bytes as Latin-1; clients send UTF-8 bytes or an encoded word.
 */
const decodeMetadata = (value: string): string => {
  const bytes = Buffer.from(value, "latin1");
  const text = bytes.toString("utf8");
  const unicode = text.includes("\uFFFD") ? value : text;
  return unicode.replace(encodedWord, (_, kind: string, content: string) =>
    kind.toLowerCase() === "b"
      ? Buffer.from(content, "base64").toString("utf8")
      : Buffer.from(
          content
            .replaceAll("_", " ")
            .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
          "latin1",
        ).toString("utf8"),
  );
};

export const encodeMetadata = (value: string): string =>
  /^[\x20-\x7e]*$/.test(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString("base64")}?=`;

const systemHeaders = [
  "content-type",
  "cache-control",
  "content-disposition",
  "content-language",
  "expires",
] as const;

/** What the headers of an upload say of the object. @throws S3Fault `MetadataTooLarge`, `InvalidTag` */
export const describe = (headers: IncomingHttpHeaders): Description => {
  const kept: Record<string, string> = { "content-type": "binary/octet-stream" };
  for (const name of systemHeaders) {
    const value = header(headers, name);
    if (value) kept[name] = value;
  }
  // aws-chunked is how the body travelled, not what the object is.
  const encodings = (header(headers, "content-encoding") ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "aws-chunked");
  if (encodings.length > 0) kept["content-encoding"] = encodings.join(",");
  const metadata: Record<string, string> = {};
  for (const name of Object.keys(headers))
    if (name.startsWith("x-amz-meta-"))
      metadata[name.slice("x-amz-meta-".length)] = decodeMetadata(header(headers, name) ?? "");
  const bytes = Buffer.byteLength(Object.entries(metadata).flat().join(""));
  if (bytes > 2048)
    throw new S3Fault(
      400,
      "MetadataTooLarge",
      "Your metadata headers exceed the maximum allowed metadata size",
    );
  return { headers: kept, metadata, tags: tagsOfHeader(header(headers, "x-amz-tagging")) };
};
