import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readStackDefinition } from "../../localstack/runner/print-service.ts";
import { parseStackDefinition } from "../../localstack/runner/stack-definition.ts";

const queueResource = (properties: object = {}) => ({
  Type: "AWS::SQS::Queue",
  Properties: { QueueName: { "Fn::Sub": `\${AWS::StackName}-jobs` }, ...properties },
});

/** A printed service with one queue function; `change` may replace any part. */
const printed = (change: { event?: object; queue?: object; resources?: object } = {}) => ({
  service: "shop",
  provider: { region: "eu-west-1", stage: "local", timeout: 20 },
  functions: {
    work: {
      name: "shop-local-work",
      handler: "functions/work.handler",
      environment: { QUEUE: { Ref: "Jobs" } },
      events: [{ sqs: { arn: { "Fn::GetAtt": ["Jobs", "Arn"] }, ...change.event } }],
    },
  },
  resources: {
    Resources: {
      Jobs: queueResource(change.queue),
      Dead: { Type: "AWS::SQS::Queue", Properties: { QueueName: "dead" } },
      Inbox: {
        Type: "AWS::S3::Bucket",
        Properties: {
          BucketName: { "Fn::Join": ["-", ["shop", { Ref: "AWS::Region" }]] },
          NotificationConfiguration: {
            QueueConfigurations: [
              {
                Event: "s3:ObjectCreated:*",
                Queue: { "Fn::Sub": `arn:aws:sqs:\${AWS::Region}:\${AWS::AccountId}:\${Jobs.QueueName}` },
              },
            ],
          },
          CorsConfiguration: {
            CorsRules: [
              {
                AllowedMethods: ["PUT"],
                AllowedOrigins: [{ "Fn::Sub": `https://\${HttpApi}` }, "https://a.example"],
              },
            ],
          },
        },
      },
      ...change.resources,
    },
  },
});

describe("serverless.yml on one machine", () => {
  it("names are resolved through Ref, Fn::GetAtt, Fn::Sub and Fn::Join", () => {
    const stack = parseStackDefinition(printed());
    expect(stack.documentBucket).toBe("shop-eu-west-1");
    expect(stack.buckets[0]?.notifications).toEqual([
      { queue: "shop-local-jobs", events: ["s3:ObjectCreated:*"] },
    ]);
    expect(stack.functions[0]).toMatchObject({
      timeoutSeconds: 20,
      environment: { QUEUE: "shop-local-jobs" },
      queues: [
        {
          queue: "shop-local-jobs",
          batchSize: 10,
          windowSeconds: 0,
          maximumConcurrency: null,
          partialResponses: false,
        },
      ],
    });
  });

  it("redrive names the dead-letter queue; timeouts have AWS's defaults", () => {
    const RedrivePolicy = { deadLetterTargetArn: { "Fn::GetAtt": ["Dead", "Arn"] }, maxReceiveCount: 4 };
    const { queues } = parseStackDefinition(printed({ queue: { VisibilityTimeout: 90, RedrivePolicy } }));
    expect(queues).toEqual([
      {
        name: "shop-local-jobs",
        visibilityTimeout: 90,
        retentionSeconds: 345_600,
        redrive: { dlq: "dead", maxReceiveCount: 4 },
      },
      { name: "dead", visibilityTimeout: 30, retentionSeconds: 345_600 },
    ]);
  });

  it("an origin made of the deployed API's address stands for the local API", () => {
    expect(parseStackDefinition(printed()).buckets[0]?.cors[0]?.allowedOrigins).toEqual([
      null,
      "https://a.example",
    ]);
  });

  it.each([
    ["an unknown event option", { event: { filterPatterns: [{}] } }, "filterPatterns"],
    ["a FIFO queue", { queue: { FifoQueue: true } }, "FIFO"],
    ["an unknown intrinsic", { queue: { QueueName: { "Fn::If": ["a", "b", "c"] } } }, "Fn::If"],
    ["a reference to nothing", { event: { arn: { Ref: "Nobody" } } }, "Nobody"],
    ["a queue without a name", { queue: { QueueName: undefined } }, "QueueName"],
  ])("%s is refused by name", (_, change, named) => {
    expect(() => parseStackDefinition(printed(change))).toThrow(named);
  });

  it("Kettle's own serverless.yml is understood as a whole", async () => {
    const root = join(import.meta.dirname, "../..");
    const stack = await readStackDefinition(root, "local", process.env);
    expect(stack.documentBucket).toBe("kettle-documents");
    const mapped = stack.functions.flatMap(({ queues }) => queues.map(({ queue }) => queue));
    expect(mapped.sort()).toEqual(
      ["cluster", "embed", "ingest", "recluster", "write"].map((name) => `kettle-${name}`),
    );
    const redriven = stack.queues.filter(({ redrive }) => redrive !== undefined).map(({ name }) => name);
    expect(redriven.sort()).toEqual(mapped.sort());
    for (const fn of stack.functions)
      for (const { queue } of fn.queues)
        expect(stack.queues.find(({ name }) => name === queue)?.visibilityTimeout).toBeGreaterThanOrEqual(
          6 * fn.timeoutSeconds,
        );
  });

  it("what osls complains of is passed on in words, without its stack", async () => {
    const root = join(import.meta.dirname, "../..");
    const failure = await readStackDefinition(root, "nowhere", process.env).catch((error) => error.message);
    expect(failure).toContain("no stage `nowhere`");
    expect(failure).not.toContain("    at ");
  });
});
