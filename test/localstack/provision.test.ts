import { GetBucketNotificationConfigurationCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
} from "@aws-sdk/client-sqs";
import { describe, expect, it } from "vitest";
import { parseIngest } from "../../lib/lambda/ingest-event.ts";
import { provision } from "../../localstack/provision.ts";
import type { StackDefinition } from "../../localstack/runner/stack-definition.ts";
import { retag } from "../aws/emulated.ts";
import { onLocalstack, queueWithDeadLetters, region, uniqueName } from "./harness.ts";

const documents = uniqueName("documents");
const state = uniqueName("state");
const ingest = uniqueName("ingest");
const aws = onLocalstack({ buckets: [documents, state], queuePrefix: ingest });
const page = "http://127.0.0.1:3456";

const definition: Pick<StackDefinition, "region" | "buckets" | "queues"> = {
  region,
  buckets: [
    {
      name: documents,
      notifications: [
        "s3:ObjectCreated:*",
        "s3:ObjectRemoved:*",
        "s3:LifecycleExpiration:*",
        "s3:ObjectTagging:*",
      ].map((event) => ({ queue: ingest, events: [event] })),
      cors: [
        {
          allowedOrigins: [null, "https://example.org"],
          allowedMethods: ["PUT", "GET"],
          allowedHeaders: ["*"],
          exposeHeaders: ["ETag"],
        },
      ],
    },
    { name: state, notifications: [], cors: [] },
  ],
  queues: queueWithDeadLetters(ingest),
};

const attributesOf = async (name: string) => {
  const { QueueUrl } = await aws.sqs.send(new GetQueueUrlCommand({ QueueName: name }));
  const { Attributes } = await aws.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }),
  );
  return Attributes!;
};

/** All that comes within a second, taken off the queue. */
const drain = async (): Promise<string[]> => {
  const { QueueUrl } = await aws.sqs.send(new GetQueueUrlCommand({ QueueName: ingest }));
  const bodies: string[] = [];
  for (;;) {
    const { Messages = [] } = await aws.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    );
    if (Messages.length === 0) return bodies;
    for (const { Body, ReceiptHandle } of Messages) {
      bodies.push(Body!);
      await aws.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
};

describe("what start:localstack makes on LocalStack", () => {
  it("is what serverless.yml says, and says which buckets are new", async () => {
    const { createdBuckets } = await provision(aws, definition, [page]);
    expect(createdBuckets).toEqual([documents, state]);
    const work = await attributesOf(ingest);
    const dead = await attributesOf(`${ingest}-dlq`);
    expect(work).toMatchObject({ VisibilityTimeout: "30", MessageRetentionPeriod: "1209600" });
    expect(JSON.parse(work.RedrivePolicy!)).toEqual({
      deadLetterTargetArn: dead.QueueArn,
      maxReceiveCount: 2,
    });
    expect(dead.RedrivePolicy).toBeUndefined();
  });

  it("tells the queue of each object that comes or goes or has other tags, whatever its key", async () => {
    const key = "a b+c%20/中文 文件&.txt";
    await aws.s3.send(new PutObjectCommand({ Bucket: documents, Key: key, Body: "x" }));
    const looks = (await drain()).flatMap(parseIngest);
    expect(looks).toEqual([{ version: 1, bucket: documents, key }]);
    await retag(aws.s3, documents, key, { team: "red" });
    expect((await drain()).flatMap(parseIngest)).toEqual(looks);
  });

  it("is the same when it is made again: no second test event, and objects stay", async () => {
    const { createdBuckets } = await provision(aws, definition, [page]);
    expect(createdBuckets).toEqual([]);
    expect(await drain()).toEqual([]);
    const { QueueConfigurations = [] } = await aws.s3.send(
      new GetBucketNotificationConfigurationCommand({ Bucket: documents }),
    );
    expect(QueueConfigurations).toHaveLength(4);
  });

  it("follows a change of serverless.yml", async () => {
    const [work, dead] = definition.queues;
    const queues = [
      { ...work!, visibilityTimeout: 77, redrive: { dlq: dead!.name, maxReceiveCount: 5 } },
      dead!,
    ];
    await provision(aws, { ...definition, queues }, [page]);
    const attributes = await attributesOf(ingest);
    expect(attributes.VisibilityTimeout).toBe("77");
    expect(JSON.parse(attributes.RedrivePolicy!).maxReceiveCount).toBe(5);
  });

  it.each([
    ["the page of this machine", page, true],
    ["an origin of kettle.yml", "https://example.org", true],
    ["anybody else", "https://evil.example", false],
  ])("lets browsers of %s put documents: %s", async (_, origin, isAllowed) => {
    const response = await fetch(`${aws.url}/${documents}/upload.txt`, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "PUT",
        "access-control-request-headers": "content-type",
      },
    });
    expect(response.headers.get("access-control-allow-origin")).toBe(isAllowed ? origin : null);
  });
});
