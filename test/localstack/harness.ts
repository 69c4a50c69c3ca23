import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  NoSuchBucket,
  type S3Client,
} from "@aws-sdk/client-s3";
import { DeleteQueueCommand, ListQueuesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, inject, vi } from "vitest";
import { s3Client, sqsClient } from "../../lib/aws/clients.ts";
import type { QueueDefinition } from "../../localstack/runner/stack-definition.ts";

export const region = "us-east-1";

/** Nobody else's, also on a LocalStack that is used for other things. */
export const uniqueName = (what: string): string =>
  `kettle-test-${what}-${process.pid}-${Date.now().toString(36)}`;

const emptyBucket = async (s3: S3Client, Bucket: string): Promise<void> => {
  const { Contents = [], IsTruncated } = await s3.send(new ListObjectsV2Command({ Bucket }));
  await Promise.all(Contents.map(({ Key }) => s3.send(new DeleteObjectCommand({ Bucket, Key }))));
  if (IsTruncated) await emptyBucket(s3, Bucket);
};

const removeBucket = async (s3: S3Client, Bucket: string): Promise<void> => {
  try {
    await emptyBucket(s3, Bucket);
    await s3.send(new DeleteBucketCommand({ Bucket }));
  } catch (error) {
    if (!(error instanceof NoSuchBucket)) throw error;
  }
};

export const removeQueues = async (sqs: SQSClient, QueueNamePrefix: string): Promise<void> => {
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix }));
  await Promise.all(QueueUrls.map((QueueUrl) => sqs.send(new DeleteQueueCommand({ QueueUrl }))));
};

export type OnLocalstack = { readonly s3: S3Client; readonly sqs: SQSClient; readonly url: string };

/**
 * Clients as the functions make them: they find LocalStack by AWS_ENDPOINT_URL. After the file's tests the buckets, and
 * the queues whose names begin with `queuePrefix`, are removed.
 */
export const onLocalstack = (remove: {
  readonly buckets: readonly string[];
  readonly queuePrefix: string;
}): OnLocalstack => {
  let clients: Omit<OnLocalstack, "url"> | null = null;
  const url = inject("localstackUrl");
  const get = () => {
    if (clients === null) throw new Error("before beforeAll");
    return clients;
  };
  beforeAll(() => {
    vi.stubEnv("AWS_ENDPOINT_URL", url);
    vi.stubEnv("AWS_ACCESS_KEY_ID", "local");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "local");
    clients = { s3: s3Client(region), sqs: sqsClient(region) };
  });
  afterAll(async () => {
    const { s3, sqs } = get();
    for (const name of remove.buckets) await removeBucket(s3, name);
    await removeQueues(sqs, remove.queuePrefix);
    s3.destroy();
    sqs.destroy();
    vi.unstubAllEnvs();
  });
  return {
    url,
    get s3() {
      return get().s3;
    },
    get sqs() {
      return get().sqs;
    },
  };
};

/** A queue that gives up after two receives, and its dead-letter queue. */
export const queueWithDeadLetters = (name: string): readonly QueueDefinition[] => [
  {
    name,
    visibilityTimeout: 30,
    retentionSeconds: 1_209_600,
    redrive: { dlq: `${name}-dlq`, maxReceiveCount: 2 },
  },
  { name: `${name}-dlq`, visibilityTimeout: 30, retentionSeconds: 1_209_600 },
];
