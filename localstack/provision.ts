import { isDeepStrictEqual } from "node:util";
import {
  CreateBucketCommand,
  type Event,
  GetBucketNotificationConfigurationCommand,
  HeadBucketCommand,
  PutBucketCorsCommand,
  PutBucketNotificationConfigurationCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type {
  BucketDefinition,
  CorsDefinition,
  QueueDefinition,
  StackDefinition,
} from "./runner/stack-definition.ts";

export type Clients = { readonly s3: S3Client; readonly sqs: SQSClient };

export type Provisioned = {
  /** Buckets that were not there before, by name. */
  readonly createdBuckets: readonly string[];
};

/** Creates the queue, or gives the one of that name whatever its attributes are. @returns its ARN */
const createQueue = async (sqs: SQSClient, queue: QueueDefinition): Promise<{ url: string; arn: string }> => {
  // Without attributes: with them, a queue that has others is an error instead of an update.
  const { QueueUrl: url = "" } = await sqs.send(new CreateQueueCommand({ QueueName: queue.name }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn"] }),
  );
  return { url, arn: Attributes?.QueueArn ?? "" };
};

/** All queues first, then what refers to another one. @returns ARNs by name */
const provisionQueues = async (
  sqs: SQSClient,
  queues: readonly QueueDefinition[],
): Promise<ReadonlyMap<string, string>> => {
  const created = await Promise.all(
    queues.map(async (queue) => ({ queue, ...(await createQueue(sqs, queue)) })),
  );
  const arns = new Map(created.map(({ queue, arn }) => [queue.name, arn]));
  await Promise.all(
    created.map(({ queue, url }) =>
      sqs.send(
        new SetQueueAttributesCommand({
          QueueUrl: url,
          Attributes: {
            VisibilityTimeout: String(queue.visibilityTimeout),
            MessageRetentionPeriod: String(queue.retentionSeconds),
            RedrivePolicy:
              queue.redrive === undefined
                ? ""
                : JSON.stringify({
                    deadLetterTargetArn: arns.get(queue.redrive.dlq),
                    maxReceiveCount: queue.redrive.maxReceiveCount,
                  }),
          },
        }),
      ),
    ),
  );
  return arns;
};

const isThere = (s3: S3Client, name: string): Promise<boolean> =>
  s3.send(new HeadBucketCommand({ Bucket: name })).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && error.name === "NotFound") return false;
      throw error;
    },
  );

/** @returns whether it was not there before */
const createBucket = async (s3: S3Client, name: string, region: string): Promise<boolean> => {
  if (await isThere(s3, name)) return false;
  await s3.send(
    new CreateBucketCommand({
      Bucket: name,
      // us-east-1 is the one region that may not be named.
      ...(region !== "us-east-1" && {
        CreateBucketConfiguration: { LocationConstraint: region as "eu-central-1" },
      }),
    }),
  );
  return true;
};

/** Set only when it differs: S3 sends a test event with each change. */
const notify = async (
  s3: S3Client,
  { name, notifications }: BucketDefinition,
  arns: ReadonlyMap<string, string>,
): Promise<void> => {
  const wanted = notifications.map(({ queue, events }) => ({
    QueueArn: arns.get(queue),
    Events: events as Event[],
  }));
  const { QueueConfigurations: set = [] } = await s3.send(
    new GetBucketNotificationConfigurationCommand({ Bucket: name }),
  );
  if (
    isDeepStrictEqual(
      set.map(({ QueueArn, Events }) => ({ QueueArn, Events })),
      wanted,
    )
  )
    return;
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: name,
      NotificationConfiguration: { QueueConfigurations: wanted },
    }),
  );
};

const allowOrigins = async (
  s3: S3Client,
  name: string,
  rules: readonly CorsDefinition[],
  ownOrigins: readonly string[],
): Promise<void> => {
  if (rules.length === 0) return;
  await s3.send(
    new PutBucketCorsCommand({
      Bucket: name,
      CORSConfiguration: {
        CORSRules: rules.map((rule) => ({
          AllowedOrigins: rule.allowedOrigins.flatMap((origin) => origin ?? ownOrigins),
          AllowedMethods: [...rule.allowedMethods],
          AllowedHeaders: [...rule.allowedHeaders],
          ExposeHeaders: [...rule.exposeHeaders],
        })),
      },
    }),
  );
};

/**
 * Makes the queues and buckets of serverless.yml on a server that speaks S3 and SQS. What is there already is kept and
 * brought up to date, so it may be called at every start.
 * @param ownOrigins where browsers find the HTTP API, which the bucket's CORS rules let in
 */
export const provision = async (
  { s3, sqs }: Clients,
  { queues, buckets, region }: Pick<StackDefinition, "queues" | "buckets" | "region">,
  ownOrigins: readonly string[],
): Promise<Provisioned> => {
  const arns = await provisionQueues(sqs, queues);
  const createdBuckets: string[] = [];
  for (const bucket of buckets) {
    if (await createBucket(s3, bucket.name, region)) createdBuckets.push(bucket.name);
    await notify(s3, bucket, arns);
    await allowOrigins(s3, bucket.name, bucket.cors, ownOrigins);
  }
  return { createdBuckets };
};
