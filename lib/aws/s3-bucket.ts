import type { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { AppError } from "../errors.ts";
import { awsFailure, sdkError } from "./aws-failure.ts";
import type { Bucket, ObjectHead, PutCondition } from "./bucket.ts";

const putAttempts = 6;
const deletedAtOnce = 1000;

type HeadAnswer = {
  readonly ETag?: string | undefined;
  readonly ContentLength?: number | undefined;
  readonly LastModified?: Date | undefined;
  readonly ContentType?: string | undefined;
  readonly Metadata?: Record<string, string> | undefined;
};

const headOf = (key: string, answer: HeadAnswer): ObjectHead => ({
  key,
  etag: answer.ETag ?? "",
  size: answer.ContentLength ?? 0,
  lastModified: answer.LastModified?.getTime() ?? 0,
  contentType: answer.ContentType ?? "application/octet-stream",
  metadata: Object.fromEntries(
    Object.entries(answer.Metadata ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  ),
});

/** Keys come back url-encoded (a space as `+`), because XML cannot hold every character that a key may. */
const decodeListed = (key: string, encoding: string | undefined): string =>
  encoding === "url" ? decodeURIComponent(key.replaceAll("+", " ")) : key;

const conditionHeaders = (condition: PutCondition | undefined) => {
  if (condition === undefined) return {};
  return "ifMatch" in condition ? { IfMatch: condition.ifMatch } : { IfNoneMatch: condition.ifNoneMatch };
};

const forbiddenHint =
  ". Grant s3:GetObject on its objects and s3:ListBucket on the bucket: without ListBucket S3 answers 403 for a missing key too.";

const tagsForbiddenHint =
  ". Grant s3:GetObjectTagging on its objects, or set metadata.tags: false, and tags are not read.";

const failure = (what: string, error: unknown, hint = forbiddenHint) =>
  awsFailure(what, error, sdkError(error).status === 403 ? hint : "");

const missing = (error: unknown): boolean => {
  const { name, status } = sdkError(error);
  return name !== "NoSuchBucket" && (status === 404 || name === "NoSuchKey" || name === "NotFound");
};

/** Half of a growing pause, half chance: two writers of one key do not meet again. */
const pauseMs = (attempt: number): number => 25 * 2 ** attempt * (0.5 + Math.random() / 2);

type S3Sender = Pick<S3Client, "send">;

/** One attempt of a PUT; `again` for S3's 409, a concurrent write of the same key. */
const putOnce = async (
  client: S3Sender,
  command: PutObjectCommand,
  conditional: boolean,
): Promise<{ readonly etag: string } | { readonly conflict: true } | { readonly again: unknown }> => {
  try {
    const { ETag = "" } = await client.send(command);
    return { etag: ETag };
  } catch (error) {
    const { status } = sdkError(error);
    // If-Match on a key that is gone is 404: the condition does not hold either.
    if (status === 412 || (conditional && missing(error))) return { conflict: true };
    if (status === 409) return { again: error };
    throw failure(`PUT s3://${command.input.Bucket}/${command.input.Key}`, error);
  }
};

const putTo =
  (client: S3Sender, name: string): Bucket["put"] =>
  async (key, body, options = {}) => {
    const command = new PutObjectCommand({
      Bucket: name,
      Key: key,
      // The SDK cannot tell the length of an empty string.
      Body: typeof body === "string" ? Buffer.from(body) : body,
      ...(options.contentType === undefined ? {} : { ContentType: options.contentType }),
      ...conditionHeaders(options.condition),
    });
    for (let attempt = 1; ; attempt++) {
      const answer = await putOnce(client, command, options.condition !== undefined);
      if (!("again" in answer)) return answer;
      if (attempt === putAttempts) throw failure(`PUT s3://${name}/${key}`, answer.again);
      await wait(pauseMs(attempt));
    }
  };

/** One key goes in the URL, which can hold any key; several go in an XML body. */
const deleteSome = async (client: S3Sender, name: string, keys: readonly string[]): Promise<void> => {
  const [only] = keys;
  try {
    if (keys.length === 1 && only !== undefined) {
      await client.send(new DeleteObjectCommand({ Bucket: name, Key: only }));
      return;
    }
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({
        Bucket: name,
        Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true },
      }),
    );
    const [first] = Errors;
    if (first !== undefined) throw new Error(`${Errors.length} not deleted: ${first.Key}: ${first.Message}`);
  } catch (error) {
    throw failure(`DELETE of ${keys.length} objects in ${name}`, error);
  }
};

const listIn =
  (client: S3Sender, name: string): Bucket["list"] =>
  async ({ prefix, cursor, limit = 1000 }) => {
    try {
      const answer = await client.send(
        new ListObjectsV2Command({
          Bucket: name,
          Prefix: prefix,
          MaxKeys: Math.min(limit, 1000),
          EncodingType: "url",
          ...(cursor === undefined ? {} : { ContinuationToken: cursor }),
        }),
      );
      const next = answer.NextContinuationToken;
      return {
        objects: (answer.Contents ?? []).map((object) => ({
          key: decodeListed(object.Key ?? "", answer.EncodingType),
          etag: object.ETag ?? "",
          size: object.Size ?? 0,
          lastModified: object.LastModified?.getTime() ?? 0,
        })),
        ...(next === undefined ? {} : { cursor: next }),
      };
    } catch (error) {
      // The cursor is what a caller sent: everything else in the question is ours.
      if (cursor !== undefined && sdkError(error).name === "InvalidArgument")
        throw new AppError("BAD_REQUEST", "cursor: not one that a page before gave", { cause: error });
      throw failure(`LIST s3://${name}/${prefix}`, error);
    }
  };

/** The `Bucket` port over the AWS SDK. Only `send` of the client is used. */
export const s3Bucket = (client: S3Sender, name: string): Bucket => ({
  name,
  head: async (key) => {
    try {
      return headOf(key, await client.send(new HeadObjectCommand({ Bucket: name, Key: key })));
    } catch (error) {
      if (missing(error)) return null;
      throw failure(`HEAD s3://${name}/${key}`, error);
    }
  },
  get: async (key) => {
    try {
      const answer = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
      return { ...headOf(key, answer), body: answer.Body as Readable };
    } catch (error) {
      if (missing(error)) return null;
      throw failure(`GET s3://${name}/${key}`, error);
    }
  },
  tags: async (key) => {
    try {
      const { TagSet = [] } = await client.send(new GetObjectTaggingCommand({ Bucket: name, Key: key }));
      return Object.fromEntries(TagSet.map(({ Key = "", Value = "" }) => [Key, Value]));
    } catch (error) {
      // 405: what is there is a delete marker.
      if (missing(error) || sdkError(error).status === 405) return null;
      throw failure(`GET tags of s3://${name}/${key}`, error, tagsForbiddenHint);
    }
  },
  put: putTo(client, name),
  list: listIn(client, name),
  delete: async (keys) => {
    for (let at = 0; at < keys.length; at += deletedAtOnce)
      await deleteSome(client, name, keys.slice(at, at + deletedAtOnce));
  },
});
