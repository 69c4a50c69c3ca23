import type { IncomingHttpHeaders } from "node:http";
import { noSuchKey, notImplemented, preconditionFailed } from "./fault.ts";
import type { StoredObject } from "./object-rows.ts";
import type { Check } from "./object-store.ts";
import { header } from "./request.ts";

const bare = (etag: string): string => etag.trim().replace(/^W\//, "").replaceAll('"', "");

const matches = (list: string, etag: string): boolean =>
  list.split(",").some((item) => item.trim() === "*" || bare(item) === bare(etag));

/**
 * Conditional writes: `If-None-Match: *` and `If-Match`; a missing key under `If-Match` is 404.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
 */
export const writeCondition = (headers: IncomingHttpHeaders, key: string): Check => {
  const ifMatch = header(headers, "if-match");
  const ifNoneMatch = header(headers, "if-none-match");
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== "*")
    throw notImplemented("If-None-Match with anything but * on writes, nor does S3");
  return (present) => {
    if (ifNoneMatch !== undefined && present) throw preconditionFailed("If-None-Match");
    if (ifMatch === undefined) return;
    if (!present) throw noSuchKey(key);
    if (!matches(ifMatch, present.etag)) throw preconditionFailed("If-Match");
  };
};

const time = (headers: IncomingHttpHeaders, name: string): number => Date.parse(header(headers, name) ?? "");

/**
 * Conditions of GET and HEAD, in the order of RFC 9110 §13.2.2.
 * @returns true when the answer is 304
 * @throws S3Fault `PreconditionFailed`
 */
export const isNotModified = (headers: IncomingHttpHeaders, object: StoredObject): boolean => {
  const ifMatch = header(headers, "if-match");
  const ifNoneMatch = header(headers, "if-none-match");
  // HTTP dates have whole seconds.
  const modifiedAt = Math.floor(object.modifiedAt / 1000) * 1000;
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object.etag)) throw preconditionFailed("If-Match");
  } else if (modifiedAt > time(headers, "if-unmodified-since"))
    throw preconditionFailed("If-Unmodified-Since");
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, object.etag);
  return modifiedAt <= time(headers, "if-modified-since");
};
