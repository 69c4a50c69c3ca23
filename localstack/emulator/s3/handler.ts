import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as buckets from "./bucket-actions.ts";
import { corsHeaders, preflightHeaders } from "./cors.ts";
import { faultXml, notImplemented, S3Fault } from "./fault.ts";
import { listObjects } from "./list-actions.ts";
import * as multipart from "./multipart-actions.ts";
import * as objects from "./object-actions.ts";
import { postObject } from "./post-object.ts";
import {
  header,
  parseRequest,
  type S3Action,
  type S3Request,
  type S3Response,
  type S3Stores,
} from "./request.ts";
import * as tagging from "./tagging-actions.ts";

/** Query parameters that choose another operation than the plain one. */
const subresources = new Set(
  "accelerate acl analytics attributes cors delete encryption intelligent-tiering inventory legal-hold lifecycle location logging metadataConfiguration metrics notification object-lock ownershipControls policy policyStatus publicAccessBlock renameObject replication requestPayment restore retention select session tagging torrent uploads uploadId versioning versions website".split(
    " ",
  ),
);

const actions: Readonly<Record<string, S3Action>> = {
  "GET service": buckets.listBuckets,
  "PUT bucket": buckets.createBucket,
  "HEAD bucket": buckets.headBucket,
  "DELETE bucket": buckets.deleteBucket,
  "GET bucket": listObjects,
  "GET bucket location": buckets.getLocation,
  "GET bucket versioning": buckets.getVersioning,
  "GET bucket notification": buckets.getNotification,
  "PUT bucket notification": buckets.putNotification,
  "GET bucket cors": buckets.getCors,
  "PUT bucket cors": buckets.putCors,
  "DELETE bucket cors": buckets.deleteCors,
  "POST bucket delete": buckets.deleteObjects,
  "POST bucket": postObject,
  "PUT object": objects.putObject,
  "PUT object copy": objects.copyObject,
  "GET object": objects.getObject,
  "HEAD object": objects.headObject,
  "DELETE object": objects.deleteObject,
  "GET object tagging": tagging.getTagging,
  "PUT object tagging": tagging.putTagging,
  "DELETE object tagging": tagging.deleteTagging,
  "POST object uploads": multipart.createUpload,
  "PUT object uploadId": multipart.uploadPart,
  "PUT object uploadId copy": multipart.copyPart,
  "GET object uploadId": multipart.listParts,
  "POST object uploadId": multipart.completeUpload,
  "DELETE object uploadId": multipart.abortUpload,
};

const operation = ({ method, bucket, key, query, headers }: S3Request): string => {
  const level = bucket === "" ? "service" : key === "" ? "bucket" : "object";
  const chosen = [...new Set(query.keys())].filter((name) => subresources.has(name));
  const copy = headers["x-amz-copy-source"] === undefined ? [] : ["copy"];
  return [method, level, ...chosen, ...copy].join(" ");
};

/** Signatures are not checked, but a link's time is: so that a page meets an expired link here already. */
const checkExpiry = ({ query }: S3Request): void => {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get("X-Amz-Date") ?? "") ?? [];
  const expires = Number(query.get("X-Amz-Expires") ?? Number.NaN);
  if (year === undefined || Number.isNaN(expires)) return;
  const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Date.now() > signedAt + expires * 1000)
    throw new S3Fault(403, "AccessDenied", "Request has expired", { "X-Amz-Expires": String(expires) });
};

/** A page that the bucket's CORS rules do not name may do nothing: on one's own machine there are no credentials to stop it. */
const pageHeaders = (request: S3Request, { objects }: S3Stores): Readonly<Record<string, string>> => {
  const origin = header(request.headers, "origin");
  if (origin === undefined) return {};
  const rules = objects.findBucket(request.bucket)?.cors ?? [];
  const isPreflight = request.method === "OPTIONS";
  const headers = isPreflight
    ? preflightHeaders(rules, request.headers)
    : corsHeaders(rules, origin, request.method);
  if (headers) return headers;
  throw new S3Fault(403, "AccessForbidden", "CORSResponse: This CORS request is not allowed.");
};

const answer = async (request: S3Request, stores: S3Stores): Promise<S3Response> => {
  const page = pageHeaders(request, stores);
  if (request.method === "OPTIONS") return { status: 200, headers: page };
  try {
    checkExpiry(request);
    const name = operation(request);
    const action = actions[name];
    if (!action) throw notImplemented(name);
    const response = await action(request, stores);
    return { ...response, headers: { ...response.headers, ...page } };
  } catch (error) {
    // The page must be able to read why.
    throw Object.assign(error as Error, { page });
  }
};

const faultResponse = (error: unknown, request: Pick<S3Request, "id" | "method">): S3Response => {
  const fault =
    error instanceof S3Fault ? error : new S3Fault(500, "InternalError", `Internal error: ${String(error)}`);
  const page = (error as { page?: Record<string, string> }).page ?? {};
  const headers = { "content-type": "application/xml", ...page };
  if (request.method === "HEAD") return { status: fault.status, headers };
  return { status: fault.status, headers, body: faultXml(fault, request.id) };
};

const write = async (response: S3Response, id: string, out: ServerResponse): Promise<void> => {
  if (out.destroyed) {
    if (response.body instanceof Readable) response.body.destroy();
    return;
  }
  const length =
    typeof response.body === "string" ? { "content-length": Buffer.byteLength(response.body) } : {};
  out.writeHead(response.status, {
    "x-amz-request-id": id,
    "x-amz-id-2": id,
    ...length,
    ...response.headers,
  });
  if (response.body instanceof Readable) await pipeline(response.body, out);
  else out.end(response.body);
};

/** The S3 half. Faults are answered; only what is not the client's doing is told to `log`. */
export const s3Handler =
  (stores: S3Stores, log: (line: string) => void) =>
  async (message: IncomingMessage, out: ServerResponse): Promise<void> => {
    const id = randomBytes(8).toString("hex").toUpperCase();
    const method = message.method ?? "GET";
    let response: S3Response;
    try {
      response = await answer(parseRequest(message, id), stores);
    } catch (error) {
      if (!(error instanceof S3Fault) && !message.destroyed)
        log(`S3 ${method} ${message.url}: ${String(error)}`);
      response = faultResponse(error, { id, method });
    }
    try {
      await write(response, id, out);
      // What an early answer left unread would hold up the next request on this connection.
      message.resume();
    } catch {
      out.destroy();
    }
  };
