import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3ServiceException,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { bucket, notifications, running } from "./harness.ts";

const Bucket = bucket;
const failure = (status: number, name: string) =>
  expect.objectContaining({ name, $metadata: expect.objectContaining({ httpStatusCode: status }) });

test("If-None-Match: * writes only where nothing is", async () => {
  const { s3, sqs } = await running();
  const put = (Body: string) => s3.send(new PutObjectCommand({ Bucket, Key: "key", Body, IfNoneMatch: "*" }));
  await put("first");
  await expect(put("second")).rejects.toEqual(failure(412, "PreconditionFailed"));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "key" }));
  expect(await Body!.transformToString()).toBe("first");
  expect(await notifications(sqs)).toHaveLength(1);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "key" }));
  await put("third");
});

test("If-Match writes only over what was read", async () => {
  const { s3 } = await running();
  const put = (Body: string, IfMatch?: string) =>
    s3.send(new PutObjectCommand({ Bucket, Key: "key", Body, ...(IfMatch ? { IfMatch } : {}) }));
  await expect(put("early", '"0"')).rejects.toEqual(failure(404, "NoSuchKey"));
  const first = await put("first");
  const second = await put("second", first.ETag);
  await expect(put("stale", first.ETag)).rejects.toEqual(failure(412, "PreconditionFailed"));
  await put("third", second.ETag!.replaceAll('"', ""));
});

test.each([100, 200_000])(
  "of concurrent conditional writes of %i bytes exactly one wins each round",
  async (size) => {
    const { s3 } = await running();
    let condition: { IfNoneMatch: string } | { IfMatch: string } = { IfNoneMatch: "*" };
    for (let round = 0; round < 5; round++) {
      const attempts = Array.from({ length: 12 }, (_, index) => {
        const Body = `${round}-${index}`.padEnd(size, ".");
        return s3.send(new PutObjectCommand({ Bucket, Key: "key", Body, ...condition }));
      });
      const results = await Promise.allSettled(attempts);
      const won = results.filter((result) => result.status === "fulfilled");
      const lost = results.filter((result) => result.status === "rejected").map(({ reason }) => reason);
      expect(won).toHaveLength(1);
      expect(lost.every((reason: S3ServiceException) => reason.$metadata.httpStatusCode === 412)).toBe(true);
      const { ETag } = await s3.send(new HeadObjectCommand({ Bucket, Key: "key" }));
      expect(ETag).toBe(won[0]!.value.ETag);
      condition = { IfMatch: ETag! };
    }
  },
);

test("a deletion and the completion of an upload obey conditions too", async () => {
  const { s3 } = await running();
  const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body: "one" }));
  const deletion = s3.send(new DeleteObjectCommand({ Bucket, Key: "key", IfMatch: '"other"' }));
  await expect(deletion).rejects.toEqual(failure(412, "PreconditionFailed"));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "key" }));
  const upload = { Bucket, Key: "key", UploadId };
  const part = await s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: "two" }));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag }] };
  const complete = (condition: object) =>
    s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload, ...condition }));
  await expect(complete({ IfNoneMatch: "*" })).rejects.toEqual(failure(412, "PreconditionFailed"));
  await complete({ IfMatch: ETag });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "key" }));
  expect(await Body!.transformToString()).toBe("two");
});
