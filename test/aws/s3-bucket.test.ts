import { CopyObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, it, vi } from "vitest";
import { s3Client } from "../../lib/aws/clients.ts";
import { s3Bucket } from "../../lib/aws/s3-bucket.ts";
import { withoutTags } from "../../lib/aws/without-tags.ts";
import { testBucket } from "../contract/bucket.ts";
import { retag, withEmulator } from "./emulated.ts";

withEmulator();

testBucket("S3", async () => s3Bucket(s3Client("us-east-1"), "one"), {
  retag: ({ name }, key, tags) => retag(s3Client("us-east-1"), name, key, tags),
});

describe("s3Bucket", () => {
  it("gives user metadata, and sees them change although the bytes do not", async () => {
    const client = s3Client("us-east-1");
    const bucket = s3Bucket(client, "two");
    const object = { Bucket: "two", Key: "meta" };
    await client.send(new PutObjectCommand({ ...object, Body: "x", Metadata: { Author: "zhang" } }));
    const before = await bucket.head("meta");
    expect(before?.metadata).toEqual({ author: "zhang" });
    await client.send(
      new CopyObjectCommand({
        ...object,
        CopySource: "two/meta",
        MetadataDirective: "REPLACE",
        Metadata: { author: "li" },
      }),
    );
    const after = await bucket.head("meta");
    expect(after?.metadata).toEqual({ author: "li" });
    expect(after?.etag).toBe(before?.etag);
  });

  it("names the bucket when there is none of that name", async () => {
    const bucket = s3Bucket(s3Client("us-east-1"), "no-such-bucket");
    await expect(bucket.put("k", "x")).rejects.toMatchObject({
      code: "AWS_UNAVAILABLE",
      message: expect.stringContaining("no-such-bucket"),
    });
    await expect(bucket.get("k")).rejects.toMatchObject({ code: "AWS_UNAVAILABLE" });
  });

  it("gives AWS_UNAVAILABLE when nobody answers", async () => {
    vi.stubEnv("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    vi.stubEnv("AWS_MAX_ATTEMPTS", "1");
    const bucket = s3Bucket(s3Client("us-east-1"), "one");
    await expect(bucket.head("k")).rejects.toMatchObject({ code: "AWS_UNAVAILABLE", retry: true });
  });
});

type Answer = { readonly status: number; readonly name: string } | { readonly etag: string };

/** A client that S3 answers as told: for what no emulator does. */
const scripted = (answers: Answer[]) => {
  const sent: unknown[] = [];
  const send = async (command: unknown) => {
    sent.push(command);
    const answer = answers.shift();
    if (answer === undefined) throw new Error("no more answers");
    if ("etag" in answer) return { ETag: answer.etag };
    throw Object.assign(new Error(answer.name), {
      name: answer.name,
      $metadata: { httpStatusCode: answer.status },
    });
  };
  return { sent, client: { send } as unknown as Parameters<typeof s3Bucket>[0] };
};

describe("s3Bucket against answers that only S3 gives", () => {
  it("tries a concurrent write (409) again", async () => {
    const { client, sent } = scripted([
      { status: 409, name: "ConditionalRequestConflict" },
      { status: 409, name: "ConditionalRequestConflict" },
      { etag: '"e"' },
    ]);
    expect(await s3Bucket(client, "b").put("k", "x", { condition: { ifNoneMatch: "*" } })).toEqual({
      etag: '"e"',
    });
    expect(sent).toHaveLength(3);
  });

  it("says that 403 may mean a missing key when ListBucket is not granted", async () => {
    const { client } = scripted([{ status: 403, name: "AccessDenied" }]);
    await expect(s3Bucket(client, "b").head("k")).rejects.toMatchObject({
      code: "AWS_UNAVAILABLE",
      message: expect.stringMatching(/s3:\/\/b\/k.*s3:ListBucket/),
    });
  });

  it("says of 403 for tags which grant is missing, or how to do without", async () => {
    const { client } = scripted([{ status: 403, name: "AccessDenied" }]);
    await expect(s3Bucket(client, "b").tags("k")).rejects.toMatchObject({
      code: "AWS_UNAVAILABLE",
      message: expect.stringMatching(/s3:\/\/b\/k.*s3:GetObjectTagging.*metadata\.tags: false/),
    });
    const { client: refusing, sent } = scripted([]);
    expect(await withoutTags(s3Bucket(refusing, "b")).tags("k")).toEqual({});
    expect(sent).toEqual([]);
  });

  it("a delete marker (405) has no tags to give", async () => {
    const { client } = scripted([{ status: 405, name: "MethodNotAllowed" }]);
    expect(await s3Bucket(client, "b").tags("k")).toBeNull();
  });

  it("takes If-Match on a key that is gone (404) for a conflict", async () => {
    const { client } = scripted([{ status: 404, name: "NoSuchKey" }]);
    expect(await s3Bucket(client, "b").put("k", "x", { condition: { ifMatch: '"e"' } })).toEqual({
      conflict: true,
    });
  });
});
