import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import {
  bucket,
  clients,
  drain,
  keyOf,
  kill,
  options,
  recordsOf,
  type S3Record,
  send,
  startStandalone,
} from "./harness.ts";

const Bucket = bucket;

type Acknowledged = { objects: Map<string, string>; removed: Set<string>; messages: Set<string> };

type Writer = ReturnType<typeof clients> & {
  readonly worker: string;
  readonly acknowledged: Acknowledged;
  readonly onProgress: () => void;
};

/** Writes until the process is gone; remembers what was answered with success. */
const writeUntilDeath = async ({ s3, sqs, worker, acknowledged, onProgress }: Writer): Promise<void> => {
  try {
    for (let index = 0; ; index++) {
      const Key = `${worker}/文 ${index}`;
      // Some lie in the database, some in files.
      const Body = `${worker}-${index} `.repeat(index % 3 === 0 ? 15_000 : 10);
      await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
      acknowledged.objects.set(Key, Body);
      await send(sqs, Key);
      acknowledged.messages.add(Key);
      onProgress();
      if (index % 4 !== 3) continue;
      acknowledged.objects.delete(Key);
      await s3.send(new DeleteObjectCommand({ Bucket, Key }));
      acknowledged.removed.add(Key);
    }
  } catch (error) {
    expect((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode).toBeUndefined();
  }
};

const listAll = async (s3: S3Client): Promise<string[]> => {
  const keys: string[] = [];
  for (let token: string | undefined; ; ) {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket, ...(token ? { ContinuationToken: token } : {}) }),
    );
    keys.push(...(page.Contents ?? []).map(({ Key }) => Key!));
    token = page.NextContinuationToken;
    if (token === undefined) return keys;
  }
};

test("kill −9 in the middle of writes loses nothing that was acknowledged, notifications included", async () => {
  const chosen = options();
  const acknowledged: Acknowledged = { objects: new Map(), removed: new Set(), messages: new Set() };
  for (const [round, writes] of [30, 60].entries()) {
    const emulator = await startStandalone(chosen);
    const connected = clients(emulator.url);
    const target = acknowledged.messages.size + writes;
    const enough = Promise.withResolvers<void>();
    const onProgress = (): void => {
      if (acknowledged.messages.size >= target) enough.resolve();
    };
    const workers = [0, 1, 2, 3].map((worker) =>
      writeUntilDeath({ ...connected, worker: `${round}-${worker}`, acknowledged, onProgress }),
    );
    await enough.promise;
    await kill(emulator);
    await Promise.all(workers);
  }
  const { url } = await startStandalone(chosen);
  const { s3, sqs } = clients(url);
  const keys = await listAll(s3);
  const present = new Set(keys);
  expect([...acknowledged.objects.keys()].filter((key) => !present.has(key))).toEqual([]);
  expect([...acknowledged.removed].filter((key) => present.has(key))).toEqual([]);
  const checks = [...acknowledged.objects].map(async ([Key, expected]) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    expect((await Body!.transformToString()) === expected, Key).toBe(true);
  });
  await Promise.all(checks);
  const bodies = await drain(sqs);
  const records = bodies.filter((body) => body.startsWith("{")).flatMap(recordsOf);
  const announced = (eventName: string) =>
    new Set(records.filter((record: S3Record) => record.eventName === eventName).map(keyOf));
  const messages = new Set(bodies);
  expect([...acknowledged.messages].filter((body) => !messages.has(body))).toEqual([]);
  // Not only what was acknowledged: whatever is there was announced, whatever went away was too.
  const created = announced("ObjectCreated:Put");
  const removed = announced("ObjectRemoved:Delete");
  expect(keys.filter((key) => !created.has(key))).toEqual([]);
  expect([...created].filter((key) => !present.has(key) && !removed.has(key))).toEqual([]);
  expect(records).toHaveLength(created.size + removed.size);
}, 120_000);
