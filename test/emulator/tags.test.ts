import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { bucket, keyOf, notifications, queue, running, temporaryFolder } from "./harness.ts";

const Bucket = bucket;
const events = ["s3:ObjectTagging:*"];
const tagging = { buckets: [{ name: bucket, notifications: [{ queue, events }] }] };

const tagsOf = async (s3: S3Client, Key: string) => {
  const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key }));
  return Object.fromEntries(TagSet.map((tag) => [tag.Key, tag.Value]));
};
const put = (s3: S3Client, Key: string, Tagging?: string) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body: "text", Tagging }));
const retag = (s3: S3Client, Key: string, ...tags: readonly (readonly [string, string])[]) => {
  const TagSet = tags.map(([name, value]) => ({ Key: name, Value: value }));
  return s3.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet } }));
};

test("an object is put with tags, and the next one under its key has none of them", async () => {
  const { s3 } = await running();
  await put(s3, "key", "team=red&%E9%83%A8%E9%97%A8=%E7%A0%94%E5%8F%91+%E4%B8%80&empty=");
  expect(await tagsOf(s3, "key")).toEqual({ team: "red", 部门: "研发 一", empty: "" });
  expect(await s3.send(new GetObjectCommand({ Bucket, Key: "key" }))).toMatchObject({ TagCount: 3 });
  await put(s3, "key");
  expect(await tagsOf(s3, "key")).toEqual({});
  expect((await s3.send(new HeadObjectCommand({ Bucket, Key: "key" }))).TagCount).toBeUndefined();
});

test("other tags leave bytes, ETag and time as they are, and are announced under a name of their own", async () => {
  const { s3, sqs } = await running(tagging);
  await put(s3, "a b/报告.txt", "team=red");
  const before = await s3.send(new HeadObjectCommand({ Bucket, Key: "a b/报告.txt" }));
  await retag(s3, "a b/报告.txt", ["team", "blue"], ["cost:center", "a/b=c @7"]);
  expect(await tagsOf(s3, "a b/报告.txt")).toEqual({ team: "blue", "cost:center": "a/b=c @7" });
  await s3.send(new DeleteObjectTaggingCommand({ Bucket, Key: "a b/报告.txt" }));
  expect(await tagsOf(s3, "a b/报告.txt")).toEqual({});
  const after = await s3.send(new HeadObjectCommand({ Bucket, Key: "a b/报告.txt" }));
  expect([after.ETag, after.LastModified]).toEqual([before.ETag, before.LastModified]);
  const records = await notifications(sqs);
  expect(records.map((record) => [record.eventName, keyOf(record)])).toEqual([
    ["ObjectTagging:Put", "a b/报告.txt"],
    ["ObjectTagging:Delete", "a b/报告.txt"],
  ]);
});

test("a copy takes its source's tags along, or those that it is given", async () => {
  const { s3 } = await running();
  await put(s3, "source", "team=red");
  const copy = { Bucket, CopySource: `${bucket}/source` };
  await s3.send(new CopyObjectCommand({ ...copy, Key: "along", Tagging: "team=ignored" }));
  expect(await tagsOf(s3, "along")).toEqual({ team: "red" });
  const replaced = { TaggingDirective: "REPLACE", Tagging: "year=2026" } as const;
  await s3.send(new CopyObjectCommand({ ...copy, ...replaced, Key: "own" }));
  expect(await tagsOf(s3, "own")).toEqual({ year: "2026" });
});

test("uploads in parts and by a form carry tags", async () => {
  const { s3, url } = await running();
  const upload = { Bucket, Key: "parts" };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...upload, Tagging: "team=red" }));
  const part = { ...upload, UploadId, PartNumber: 1 };
  const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: "x" }));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await s3.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload }));
  expect(await tagsOf(s3, "parts")).toEqual({ team: "red" });
  const form = new FormData();
  form.set("key", "form");
  form.set("tagging", "<Tagging><TagSet><Tag><Key>team</Key><Value>blue</Value></Tag></TagSet></Tagging>");
  form.set("file", new File(["posted"], "page.txt"));
  expect((await fetch(`${url}/${bucket}`, { method: "POST", body: form })).status).toBe(204);
  expect(await tagsOf(s3, "form")).toEqual({ team: "blue" });
});

test("tags that S3 does not take are refused as S3 does, and nothing changes", async () => {
  const { s3, sqs } = await running(tagging);
  await put(s3, "key", "team=red");
  const eleven = Array.from({ length: 11 }, (_, index) => [`t${index}`, "x"] as const);
  await expect(retag(s3, "key", ...eleven)).rejects.toMatchObject({ name: "BadRequest" });
  for (const [name, value] of [
    ["", "x"],
    ["n".repeat(129), "x"],
    ["name", "v".repeat(257)],
    ["a<b", "x"],
  ] as const)
    await expect(retag(s3, "key", [name, value]), name).rejects.toMatchObject({ name: "InvalidTag" });
  await expect(retag(s3, "key", ["a", "1"], ["a", "2"])).rejects.toMatchObject({ name: "InvalidTag" });
  await expect(put(s3, "other", "a=1&a=2")).rejects.toMatchObject({ name: "InvalidTag" });
  await expect(retag(s3, "none", ["a", "1"])).rejects.toMatchObject({ name: "NoSuchKey" });
  await expect(tagsOf(s3, "other")).rejects.toMatchObject({ name: "NoSuchKey" });
  expect(await tagsOf(s3, "key")).toEqual({ team: "red" });
  expect(await notifications(sqs)).toEqual([]);
});

test("a data folder from before there were tags is taken over", async () => {
  const dataDir = temporaryFolder();
  mkdirSync(dataDir, { recursive: true });
  const before = new DatabaseSync(join(dataDir, "emulator.db"));
  before.exec(`
    CREATE TABLE objects (
      bucket TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
      modified_at INTEGER NOT NULL, headers TEXT NOT NULL, metadata TEXT NOT NULL, checksums TEXT NOT NULL,
      segments TEXT NOT NULL, inline BLOB, PRIMARY KEY (bucket, key)
    ) STRICT;
    CREATE TABLE uploads (
      id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, started_at INTEGER NOT NULL,
      headers TEXT NOT NULL, metadata TEXT NOT NULL
    ) STRICT;
    INSERT INTO objects VALUES ('${bucket}', 'old', 3, '"e"', 1, '{}', '{}', '{}', '[]', x'6f6c64');
    INSERT INTO uploads VALUES ('u1', '${bucket}', 'parts', 1, '{}', '{}');
    PRAGMA user_version = 1;`);
  before.close();
  const { s3 } = await running({ dataDir });
  expect(await tagsOf(s3, "old")).toEqual({});
  await retag(s3, "old", ["team", "red"]);
  expect(await tagsOf(s3, "old")).toEqual({ team: "red" });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "old" }));
  expect(await Body!.transformToString()).toBe("old");
  const part = { Bucket, Key: "parts", UploadId: "u1", PartNumber: 1 };
  const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: "x" }));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await s3.send(new CompleteMultipartUploadCommand({ ...part, MultipartUpload }));
  expect(await tagsOf(s3, "parts")).toEqual({});
});
