import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { startEmulator } from "../../localstack/emulator/emulator.ts";
import { EmulatorError } from "../../localstack/emulator/errors.ts";
import { bucket, deadLetters, drain, keyOf, notifications, options, queue, running } from "./harness.ts";

const Bucket = bucket;

test("a PUT is announced in the form that S3 sends", async () => {
  const { s3, sqs } = await running();
  const Key = "报告/a b+c%.txt";
  const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key, Body: "hello" }));
  const [record, ...others] = await notifications(sqs);
  expect(others).toEqual([]);
  expect(record).toMatchObject({
    eventVersion: "2.1",
    eventSource: "aws:s3",
    awsRegion: "us-east-1",
    eventName: "ObjectCreated:Put",
    s3: {
      s3SchemaVersion: "1.0",
      bucket: { name: bucket, arn: `arn:aws:s3:::${bucket}` },
      object: { key: "%E6%8A%A5%E5%91%8A/a+b%2Bc%25.txt", size: 5, eTag: ETag!.replaceAll('"', "") },
    },
  });
  expect(keyOf(record!)).toBe(Key);
  expect(record!.s3.object.sequencer).toMatch(/^[0-9A-F]{18}$/);
});

test("every way of making and removing an object is announced under its own name", async () => {
  const { s3, sqs, url } = await running();
  const expectNext = async (eventName: string, ...keys: string[]): Promise<void> => {
    const records = await notifications(sqs);
    expect(records.map((record) => [record.eventName, keyOf(record)])).toEqual(
      keys.map((key) => [eventName, key]),
    );
  };
  await s3.send(new PutObjectCommand({ Bucket, Key: "put", Body: "x" }));
  await expectNext("ObjectCreated:Put", "put");
  await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${bucket}/put` }));
  await expectNext("ObjectCreated:Copy", "copy");
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "parts" }));
  const upload = { Bucket, Key: "parts", UploadId };
  const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: "x" }));
  await expectNext("nothing yet");
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
  await expectNext("ObjectCreated:CompleteMultipartUpload", "parts");
  const form = new FormData();
  // biome-ignore lint/suspicious/noTemplateCurlyInString: S3's own placeholder
  form.set("key", "forms/${filename}");
  form.set("x-amz-meta-title", "报告");
  form.set("file", new File(["posted"], "页.txt"));
  const posted = await fetch(`${url}/${bucket}`, { method: "POST", body: form });
  expect(posted.status).toBe(204);
  await expectNext("ObjectCreated:Post", "forms/页.txt");
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "put" }));
  await expectNext("ObjectRemoved:Delete", "put");
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "put" }));
  await expectNext("nothing: it was gone already");
  const Delete = { Objects: ["copy", "parts", "missing"].map((Key) => ({ Key })) };
  await s3.send(new DeleteObjectsCommand({ Bucket, Delete }));
  await expectNext("ObjectRemoved:Delete", "copy", "parts");
});

test("a removal carries neither size nor ETag", async () => {
  const { s3, sqs } = await running();
  await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body: "x" }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "key" }));
  const [, removal] = await notifications(sqs);
  expect(Object.keys(removal!.s3.object).sort()).toEqual(["key", "sequencer"]);
});

test("sequencers grow with each event on a key", async () => {
  const { s3, sqs } = await running();
  for (let index = 0; index < 5; index++)
    await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body: String(index) }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "key" }));
  const sequencers = (await notifications(sqs)).map(({ s3: { object } }) => object.sequencer);
  expect(new Set(sequencers).size).toBe(6);
  expect(sequencers).toEqual(sequencers.toSorted());
});

test("a client's own configuration is honoured, filters included, and given back", async () => {
  const { s3, sqs } = await running();
  await s3.send(new CreateBucketCommand({ Bucket: "another" }));
  const QueueConfigurations = [
    {
      Id: "pictures",
      QueueArn: `arn:aws:sqs:us-east-1:000000000000:${deadLetters}`,
      Events: ["s3:ObjectCreated:Put" as const],
      Filter: {
        Key: {
          FilterRules: [
            { Name: "prefix" as const, Value: "图 & co/" },
            { Name: "suffix" as const, Value: ".png" },
          ],
        },
      },
    },
  ];
  const configuration = { Bucket: "another", NotificationConfiguration: { QueueConfigurations } };
  await s3.send(new PutBucketNotificationConfigurationCommand(configuration));
  const [announcement] = await drain(sqs, deadLetters);
  expect(JSON.parse(announcement!)).toMatchObject({ Event: "s3:TestEvent", Bucket: "another" });
  for (const Key of ["图 & co/a.png", "图 & co/a.txt", "b.png"])
    await s3.send(new PutObjectCommand({ Bucket: "another", Key, Body: "x" }));
  await s3.send(new DeleteObjectCommand({ Bucket: "another", Key: "图 & co/a.png" }));
  const bodies = await drain(sqs, deadLetters);
  expect(bodies.map((body) => JSON.parse(body).Records[0].s3.configurationId)).toEqual(["pictures"]);
  expect(await drain(sqs, queue)).toEqual([]);
  const stored = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: "another" }));
  expect(stored.QueueConfigurations).toEqual(QueueConfigurations);
});

test("a configuration that names a queue which is not there is refused at start", async () => {
  const buckets = [{ name: bucket, notifications: [{ queue: "nowhere", events: ["s3:ObjectCreated:*"] }] }];
  const start = startEmulator(options({ buckets }));
  await expect(start).rejects.toBeInstanceOf(EmulatorError);
  await expect(start).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("nowhere"),
  });
});

test("listeners hear what happened after it did", async () => {
  const { s3, sqs, onActivity, queueDepths } = await running();
  const heard: string[] = [];
  const end = onActivity((activity) => {
    heard.push("key" in activity ? `${activity.kind} ${activity.key}` : `${activity.kind} ${activity.queue}`);
  });
  await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body: "x" }));
  expect(queueDepths()).toContainEqual({ name: queue, visible: 1, inFlight: 0, delayed: 0 });
  await drain(sqs);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "key" }));
  end();
  await s3.send(new PutObjectCommand({ Bucket, Key: "unheard", Body: "x" }));
  expect(heard).toEqual([
    `message-sent ${queue}`,
    "object-created key",
    `message-deleted ${queue}`,
    `message-sent ${queue}`,
    "object-removed key",
  ]);
});
