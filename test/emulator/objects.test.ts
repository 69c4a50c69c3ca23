import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { expect, test } from "vitest";
import { bucket, running } from "./harness.ts";

const Bucket = bucket;

const read = async (s3: S3Client, Key: string): Promise<Buffer> => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from(await Body!.transformToByteArray());
};

const put = (s3: S3Client, Key: string, Body: string | Uint8Array = "text") =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body }));

test.each([
  "plain.txt",
  "folder/with spaces and + plus.txt",
  "100%/a%20b%2Fc",
  "报告/第三季度 总结.pdf",
  "dots/../still/./here",
  "//double//slashes//",
  "emoji-😀-𠮷",
  "quotes'\"<>&;?#=@:!*()~.txt",
  "line\nbreak\rand\ttab",
  "é-composed-é-decomposed",
  `${"长".repeat(341)}`,
])("a key survives as it is: %j", async (Key) => {
  const { s3 } = await running();
  await put(s3, Key, `body of ${Key}`);
  expect((await read(s3, Key)).toString()).toBe(`body of ${Key}`);
  await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  await expect(s3.send(new HeadObjectCommand({ Bucket, Key }))).rejects.toMatchObject({ name: "NotFound" });
});

test("bytes come back as they were sent, whatever their size and however the SDK frames them", async () => {
  const { s3 } = await running();
  for (const size of [0, 1, 65_536, 65_537, 3_000_001]) {
    const bytes = randomBytes(size);
    await put(s3, `buffer-${size}`, bytes);
    expect((await read(s3, `buffer-${size}`)).equals(bytes), `buffer of ${size}`).toBe(true);
    // A stream of unknown hash travels in aws-chunked framing with its checksum as a trailer.
    const pieces = [bytes.subarray(0, size >> 1), bytes.subarray(size >> 1)].filter(
      ({ length }) => length > 0,
    );
    await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: `stream-${size}`,
        Body: Readable.from(pieces, { objectMode: false }),
        ContentLength: size,
        ChecksumAlgorithm: "SHA256",
      }),
    );
    const stored = await s3.send(
      new GetObjectCommand({ Bucket, Key: `stream-${size}`, ChecksumMode: "ENABLED" }),
    );
    expect(stored.ContentEncoding).toBeUndefined();
    expect(stored.ChecksumSHA256).toBe(createHash("sha256").update(bytes).digest("base64"));
    expect(Buffer.from(await stored.Body!.transformToByteArray()).equals(bytes), `stream of ${size}`).toBe(
      true,
    );
  }
});

test("the ETag is the MD5 in quotes", async () => {
  const { s3 } = await running();
  const { ETag } = await put(s3, "key", "hello");
  expect(ETag).toBe(`"${createHash("md5").update("hello").digest("hex")}"`);
});

test("a body that does not match its checksum is refused and nothing is stored", async () => {
  const { s3, url } = await running();
  const wrong = [
    { "content-md5": Buffer.alloc(16).toString("base64") },
    { "x-amz-checksum-crc32": "AAAAAA==" },
    { "x-amz-checksum-sha256": Buffer.alloc(32).toString("base64") },
  ];
  for (const headers of wrong) {
    const response = await fetch(`${url}/${bucket}/bad`, { method: "PUT", body: "hello", headers });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("<Code>BadDigest</Code>");
  }
  await expect(read(s3, "bad")).rejects.toMatchObject({ name: "NoSuchKey" });
});

test("a chunked body that breaks off is refused and nothing is stored", async () => {
  const { s3, url } = await running();
  const headers = {
    "content-encoding": "aws-chunked",
    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x-amz-decoded-content-length": "10",
  };
  for (const body of ["5\r\nhello\r\n0\r\n\r\n", "a\r\nhello", "nonsense\r\nhello\r\n0\r\n\r\n"]) {
    const response = await fetch(`${url}/${bucket}/bad`, { method: "PUT", body, headers });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("<Code>IncompleteBody</Code>");
  }
  await expect(read(s3, "bad")).rejects.toMatchObject({ name: "NoSuchKey" });
});

test("an upload whose client goes away leaves nothing", async () => {
  const { s3, url } = await running();
  const upload = request(`${url}/${bucket}/half`, {
    method: "PUT",
    headers: { "content-length": 1_000_000 },
  });
  upload.on("error", () => undefined);
  upload.write(Buffer.alloc(200_000));
  await put(s3, "other");
  upload.destroy();
  await put(s3, "another");
  await expect(read(s3, "half")).rejects.toMatchObject({ name: "NoSuchKey" });
});

test("user metadata and headers are given back by GET and HEAD", async () => {
  const { s3 } = await running();
  const Metadata = { author: "Li Wei", title: "=?UTF-8?B?5oql5ZGK?=", percent: "%E6%8A%A5%E5%91%8A" };
  await s3.send(
    new PutObjectCommand({
      Bucket,
      Key: "key",
      Body: "x",
      ContentType: "text/markdown; charset=utf-8",
      CacheControl: "no-store",
      ContentDisposition: 'attachment; filename="a.md"',
      ContentEncoding: "identity",
      ContentLanguage: "zh",
      Metadata,
    }),
  );
  for (const command of [
    new GetObjectCommand({ Bucket, Key: "key" }),
    new HeadObjectCommand({ Bucket, Key: "key" }),
  ]) {
    const answer = await s3.send(command as GetObjectCommand);
    await answer.Body?.transformToByteArray();
    expect(answer).toMatchObject({
      ContentType: "text/markdown; charset=utf-8",
      CacheControl: "no-store",
      ContentDisposition: 'attachment; filename="a.md"',
      ContentEncoding: "identity",
      ContentLanguage: "zh",
      ContentLength: 1,
      Metadata,
    });
  }
});

test("metadata sent as UTF-8 bytes comes back as an encoded word, as from S3", async () => {
  const { s3, url } = await running();
  const title = Buffer.from("报告 é").toString("latin1");
  await fetch(`${url}/${bucket}/key`, { method: "PUT", body: "x", headers: { "x-amz-meta-title": title } });
  const { Metadata } = await s3.send(new HeadObjectCommand({ Bucket, Key: "key" }));
  expect(Metadata!.title).toBe(`=?UTF-8?B?${Buffer.from("报告 é").toString("base64")}?=`);
});

test("parts of an object are given by range", async () => {
  const { s3 } = await running();
  const bytes = randomBytes(200_000);
  await put(s3, "key", bytes);
  const ranges = [
    ["bytes=0-0", 0, 1],
    ["bytes=100-65999", 100, 66_000],
    ["bytes=199990-", 199_990, 200_000],
    ["bytes=-5", 199_995, 200_000],
    ["bytes=199999-999999", 199_999, 200_000],
  ] as const;
  for (const [Range, start, end] of ranges) {
    const answer = await s3.send(new GetObjectCommand({ Bucket, Key: "key", Range }));
    expect(answer.ContentRange).toBe(`bytes ${start}-${end - 1}/200000`);
    expect(Buffer.from(await answer.Body!.transformToByteArray()).equals(bytes.subarray(start, end))).toBe(
      true,
    );
  }
  const beyond = s3.send(new GetObjectCommand({ Bucket, Key: "key", Range: "bytes=200000-" }));
  await expect(beyond).rejects.toMatchObject({ name: "InvalidRange" });
});

test("GET under a condition gives 304 or 412", async () => {
  const { s3 } = await running();
  const { ETag } = await put(s3, "key");
  const get = (condition: object) => s3.send(new GetObjectCommand({ Bucket, Key: "key", ...condition }));
  const status = (code: number) => expect.objectContaining({ httpStatusCode: code });
  await expect(get({ IfNoneMatch: ETag })).rejects.toMatchObject({ $metadata: status(304) });
  await expect(get({ IfMatch: '"other"' })).rejects.toMatchObject({ $metadata: status(412) });
  const matching = await get({ IfMatch: ETag });
  expect(await matching.Body!.transformToString()).toBe("text");
  await expect(get({ IfModifiedSince: new Date(Date.now() + 5000) })).rejects.toMatchObject({
    $metadata: status(304),
  });
});

test("a copy has the bytes and metadata of its source, or new metadata when asked", async () => {
  const { s3 } = await running();
  const bytes = randomBytes(100_000);
  const source = { Bucket, Key: "源 a+b.bin", Body: bytes, ContentType: "a/b", Metadata: { from: "source" } };
  await s3.send(new PutObjectCommand(source));
  const CopySource = `${bucket}/${encodeURIComponent("源 a+b.bin")}`;
  await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource }));
  const replaced = { MetadataDirective: "REPLACE", Metadata: { from: "copy" }, ContentType: "c/d" } as const;
  await s3.send(new CopyObjectCommand({ Bucket, Key: "replaced", CopySource, ...replaced }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "源 a+b.bin" }));
  const head = (Key: string) => s3.send(new HeadObjectCommand({ Bucket, Key }));
  expect(await head("copy")).toMatchObject({ ContentType: "a/b", Metadata: { from: "source" } });
  expect(await head("replaced")).toMatchObject({ ContentType: "c/d", Metadata: { from: "copy" } });
  expect((await read(s3, "copy")).equals(bytes)).toBe(true);
  expect((await read(s3, "replaced")).equals(bytes)).toBe(true);
});

test("an object uploaded in parts is the parts in order", async () => {
  const { s3 } = await running();
  const Key = "大/parts.bin";
  const [first, second, last] = [randomBytes(5_242_880), randomBytes(6_000_000), randomBytes(11)];
  const { UploadId } = await s3.send(
    new CreateMultipartUploadCommand({ Bucket, Key, ContentType: "x/y", Metadata: { a: "b" } }),
  );
  const upload = { Bucket, Key, UploadId };
  const tags: string[] = [];
  for (const [index, Body] of [last, second, first].entries()) {
    const part = await s3.send(new UploadPartCommand({ ...upload, PartNumber: 3 - index, Body }));
    tags[2 - index] = part.ETag!;
  }
  const listed = await s3.send(new ListPartsCommand(upload));
  expect(listed.Parts!.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
    [1, 5_242_880],
    [2, 6_000_000],
    [3, 11],
  ]);
  const Parts = tags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }));
  const wrong = { Parts: [{ ETag: '"0"', PartNumber: 1 }] };
  await expect(
    s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: wrong })),
  ).rejects.toMatchObject({ name: "InvalidPart" });
  await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
  const stored = await s3.send(new GetObjectCommand({ Bucket, Key }));
  expect(stored).toMatchObject({ ContentType: "x/y", Metadata: { a: "b" }, ContentLength: 11_242_891 });
  expect(stored.ETag).toMatch(/^"[0-9a-f]{32}-3"$/);
  const whole = Buffer.concat([first, second, last]);
  expect(Buffer.from(await stored.Body!.transformToByteArray()).equals(whole)).toBe(true);
  const Range = "bytes=5242870-11242885";
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, Range }));
  const bytes = Buffer.from(await Body!.transformToByteArray());
  expect(bytes.equals(whole.subarray(5_242_870, 11_242_886))).toBe(true);
});

test("a part may be copied from an object, and an upload given up", async () => {
  const { s3 } = await running();
  await put(s3, "source", "0123456789");
  const upload = { Bucket, Key: "target" };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(upload));
  const part = { ...upload, UploadId, PartNumber: 1 };
  const copied = await s3.send(
    new UploadPartCopyCommand({ ...part, CopySource: `${bucket}/source`, CopySourceRange: "bytes=2-4" }),
  );
  const Parts = [{ PartNumber: 1, ETag: copied.CopyPartResult!.ETag! }];
  await s3.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts } }));
  expect((await read(s3, "target")).toString()).toBe("234");
  const second = await s3.send(new CreateMultipartUploadCommand(upload));
  await s3.send(new AbortMultipartUploadCommand({ ...upload, UploadId: second.UploadId }));
  const late = new UploadPartCommand({ ...part, UploadId: second.UploadId, Body: "late" });
  await expect(s3.send(late)).rejects.toMatchObject({ name: "NoSuchUpload" });
});

test("a presigned PUT and GET work without credentials, until they expire", async () => {
  const { s3 } = await running();
  const Key = "报告 1.txt";
  const put = new PutObjectCommand({ Bucket, Key, ContentType: "text/plain", Metadata: { a: "b" } });
  const link = await getSignedUrl(s3, put, { expiresIn: 60 });
  const headers = { "content-type": "text/plain", "x-amz-meta-a": "b" };
  const stored = await fetch(link, { method: "PUT", body: "hello", headers });
  expect(stored.status).toBe(200);
  const ResponseContentDisposition = 'attachment; filename="a.txt"';
  const get = new GetObjectCommand({ Bucket, Key, ResponseContentDisposition });
  const got = await fetch(await getSignedUrl(s3, get, { expiresIn: 60 }));
  expect(got.headers.get("content-disposition")).toBe(ResponseContentDisposition);
  expect(got.headers.get("x-amz-meta-a")).toBe("b");
  expect(await got.text()).toBe("hello");
  const signingDate = new Date(Date.now() - 120_000);
  const expired = await fetch(await getSignedUrl(s3, get, { expiresIn: 60, signingDate }));
  expect(expired.status).toBe(403);
  expect(await expired.text()).toContain("Request has expired");
});

test("several objects are deleted by one request, the missing ones too", async () => {
  const { s3 } = await running();
  const keys = ["a & b <c>", "line\rbreak", "&amp;lt;", "文"];
  for (const key of keys) await put(s3, key);
  const Objects = [...keys, "missing"].map((Key) => ({ Key }));
  const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  expect(Deleted!.map(({ Key }) => Key)).toEqual([...keys, "missing"]);
  expect(Errors).toBeUndefined();
  for (const key of keys) await expect(read(s3, key)).rejects.toMatchObject({ name: "NoSuchKey" });
});

test("buckets are made, listed and deleted when empty", async () => {
  const { s3 } = await running();
  await s3.send(new CreateBucketCommand({ Bucket: "another" }));
  const { Buckets } = await s3.send(new ListBucketsCommand({}));
  expect(Buckets!.map(({ Name }) => Name)).toEqual(["another", bucket]);
  await s3.send(new HeadBucketCommand({ Bucket: "another" }));
  await s3.send(new DeleteBucketCommand({ Bucket: "another" }));
  const gone = s3.send(new HeadBucketCommand({ Bucket: "another" }));
  await expect(gone).rejects.toMatchObject({ name: "NotFound" });
  await put(s3, "key");
  const full = s3.send(new DeleteBucketCommand({ Bucket }));
  await expect(full).rejects.toMatchObject({ name: "BucketNotEmpty" });
  const invalid = s3.send(new CreateBucketCommand({ Bucket: "No_Good" }));
  await expect(invalid).rejects.toMatchObject({ name: "InvalidBucketName" });
});

test("a body beyond 5 GB is refused before it is sent", async () => {
  const { url } = await running();
  const outgoing = request(`${url}/${bucket}/huge`, {
    method: "PUT",
    headers: { "content-length": 5 * 1024 ** 3 + 1 },
  });
  outgoing.on("error", () => undefined);
  outgoing.flushHeaders();
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  expect(response.statusCode).toBe(400);
  expect(await text(response)).toContain("<Code>EntityTooLarge</Code>");
  outgoing.destroy();
});

test("what is missing, and what the emulator lacks, is said by name", async () => {
  const { s3 } = await running();
  await expect(read(s3, "none")).rejects.toMatchObject({ name: "NoSuchKey" });
  const elsewhere = s3.send(new PutObjectCommand({ Bucket: "nowhere", Key: "key", Body: "x" }));
  await expect(elsewhere).rejects.toMatchObject({ name: "NoSuchBucket" });
  const lists = s3.send(new GetObjectAclCommand({ Bucket, Key: "key" }));
  await expect(lists).rejects.toMatchObject({ name: "NotImplemented" });
  await expect(put(s3, "k".repeat(1025))).rejects.toMatchObject({ name: "KeyTooLongError" });
});

/** fetch sets Host itself. */
const getWithHost = (url: string, path: string, host: string) =>
  new Promise<{ status: number; body: string }>((resolve, reject) => {
    request(`${url}${path}`, { headers: { host } }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode!, body }), reject);
    })
      .on("error", reject)
      .end();
  });

test("a bucket may stand in the host name; a foreign name is refused", async () => {
  const { s3, url, port } = await running();
  await put(s3, "a/b", "hello");
  expect(await getWithHost(url, "/a/b", `${bucket}.localhost:${port}`)).toEqual({
    status: 200,
    body: "hello",
  });
  expect(await getWithHost(url, `/${bucket}/a/b`, `localhost:${port}`)).toMatchObject({ status: 200 });
  expect(await getWithHost(url, `/${bucket}/a/b`, "rebound.example.com")).toMatchObject({ status: 403 });
});

test("an object may be replaced and deleted while it is being read", async () => {
  const { s3 } = await running();
  const bytes = randomBytes(20_000_000);
  await put(s3, "key", bytes);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "key" }));
  await put(s3, "key", "new");
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "key" }));
  expect(Buffer.from(await Body!.transformToByteArray()).equals(bytes)).toBe(true);
});
