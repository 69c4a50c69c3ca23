import { z } from "zod";
import { intrinsicResolver, type Resolve } from "./intrinsics.ts";

/** What of serverless.yml is run on one machine, every name resolved. */
export type StackDefinition = {
  readonly service: string;
  readonly region: string;
  readonly stage: string;
  readonly documentBucket: string;
  readonly buckets: readonly BucketDefinition[];
  readonly queues: readonly QueueDefinition[];
  readonly functions: readonly FunctionDefinition[];
  /** What serverless-offline needs beside the functions: `provider.httpApi` as it stands. */
  readonly httpApi: Readonly<Record<string, unknown>>;
};

export type BucketDefinition = {
  readonly name: string;
  readonly notifications: readonly { readonly queue: string; readonly events: readonly string[] }[];
  readonly cors: readonly CorsDefinition[];
};

export type CorsDefinition = {
  /** Null stands for the HTTP API's own, which has another address on each machine. */
  readonly allowedOrigins: readonly (string | null)[];
  readonly allowedMethods: readonly string[];
  readonly allowedHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
};

export type QueueDefinition = {
  readonly name: string;
  readonly visibilityTimeout: number;
  readonly retentionSeconds: number;
  readonly redrive?: { readonly dlq: string; readonly maxReceiveCount: number };
};

export type QueueMapping = {
  readonly queue: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly maximumConcurrency: number | null;
  /** ReportBatchItemFailures: the answer names the messages that go back. */
  readonly partialResponses: boolean;
};

export type FunctionDefinition = {
  /** Key in serverless.yml, such as `parse`. */
  readonly key: string;
  /** As AWS names it: `<service>-<stage>-<key>`. */
  readonly name: string;
  /** Module and export: `functions/parse.handler`. */
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly memorySize: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly queues: readonly QueueMapping[];
  readonly schedules: readonly ScheduleDefinition[];
  /** `httpApi` events, as serverless-offline reads them. */
  readonly routes: readonly unknown[];
};

export type ScheduleDefinition = { readonly expression: string; readonly input: unknown };

const tree = z.record(z.string(), z.unknown());
const resource = z.looseObject({ Type: z.string(), Properties: tree.default({}) });
const resourceTree = z.looseObject({ Resources: z.record(z.string(), resource).default({}) });

const queueProperties = z.looseObject({
  VisibilityTimeout: z.number().default(30),
  MessageRetentionPeriod: z.number().default(345_600),
  FifoQueue: z.boolean().default(false),
  RedrivePolicy: z.object({ deadLetterTargetArn: z.unknown(), maxReceiveCount: z.number() }).optional(),
});

const names = z.array(z.string()).default([]);
const corsRule = z.looseObject({
  // What is no plain string is made of ${HttpApi}.
  AllowedOrigins: z.array(z.union([z.string(), z.looseObject({}).transform(() => null)])),
  AllowedMethods: names,
  AllowedHeaders: names,
  ExposedHeaders: names,
});

const bucketProperties = z.looseObject({
  NotificationConfiguration: z
    .looseObject({
      QueueConfigurations: z
        .array(z.object({ Event: z.string(), Queue: z.unknown(), Filter: z.never().optional() }))
        .default([]),
    })
    .prefault({}),
  CorsConfiguration: z.looseObject({ CorsRules: z.array(corsRule).default([]) }).prefault({}),
});

const sqsEvent = z.strictObject({
  arn: z.unknown(),
  enabled: z.boolean().default(true),
  batchSize: z.number().default(10),
  maximumBatchingWindow: z.number().default(0),
  maximumConcurrency: z.number().optional(),
  functionResponseType: z.literal("ReportBatchItemFailures").optional(),
});

const scheduleEvent = z.union([
  z.string().transform((rate) => ({ rate: [rate], enabled: true, input: undefined })),
  z.looseObject({
    rate: z.union([z.string().transform((rate) => [rate]), z.array(z.string())]),
    enabled: z.boolean().default(true),
    input: z.unknown().optional(),
  }),
]);

const event = z.looseObject({
  sqs: sqsEvent.optional(),
  schedule: scheduleEvent.optional(),
  httpApi: z.unknown().optional(),
});

const environment = tree.default({});
const functionSchema = z.looseObject({
  name: z.string(),
  handler: z.string(),
  timeout: z.number().optional(),
  memorySize: z.number().optional(),
  environment,
  events: z.array(event).default([]),
});

const serviceSchema = z.looseObject({
  service: z.string(),
  provider: z.looseObject({
    region: z.string(),
    stage: z.string(),
    timeout: z.number().default(6),
    memorySize: z.number().default(1024),
    environment,
    httpApi: tree.default({}),
  }),
  functions: z.record(z.string(), functionSchema),
  resources: z.union([resourceTree, z.array(resourceTree)]).default([]),
});

type Service = z.infer<typeof serviceSchema>;
type Resources = z.infer<typeof resourceTree>["Resources"];

const queueName = (arn: string): string => arn.slice(arn.lastIndexOf(":") + 1);

const readQueues = (resources: Resources, resolve: Resolve): readonly QueueDefinition[] =>
  Object.entries(resources)
    .filter(([, { Type }]) => Type === "AWS::SQS::Queue")
    .map(([id, { Properties }]) => {
      const properties = queueProperties.parse(Properties);
      if (properties.FifoQueue) throw new Error(`${id}: FIFO queues are not run on one machine`);
      const redrive = properties.RedrivePolicy;
      return {
        name: resolve({ Ref: id }),
        visibilityTimeout: properties.VisibilityTimeout,
        retentionSeconds: properties.MessageRetentionPeriod,
        ...(redrive && {
          redrive: {
            dlq: queueName(resolve(redrive.deadLetterTargetArn)),
            maxReceiveCount: redrive.maxReceiveCount,
          },
        }),
      };
    });

const readBuckets = (resources: Resources, resolve: Resolve): readonly BucketDefinition[] =>
  Object.entries(resources)
    .filter(([, { Type }]) => Type === "AWS::S3::Bucket")
    .map(([id, { Properties }]) => {
      const properties = bucketProperties.parse(Properties);
      return {
        name: resolve({ Ref: id }),
        notifications: properties.NotificationConfiguration.QueueConfigurations.map((rule) => ({
          queue: queueName(resolve(rule.Queue)),
          events: [rule.Event],
        })),
        cors: properties.CorsConfiguration.CorsRules.map((rule) => ({
          allowedOrigins: rule.AllowedOrigins,
          allowedMethods: rule.AllowedMethods,
          allowedHeaders: rule.AllowedHeaders,
          exposeHeaders: rule.ExposedHeaders,
        })),
      };
    });

const readFunction = (
  key: string,
  definition: z.infer<typeof functionSchema>,
  provider: Service["provider"],
  resolve: Resolve,
): FunctionDefinition => {
  const queues = definition.events.flatMap(({ sqs }) => (sqs?.enabled ? [sqs] : []));
  const schedules = definition.events.flatMap(({ schedule }) => (schedule?.enabled ? [schedule] : []));
  return {
    key,
    name: definition.name,
    handler: definition.handler,
    timeoutSeconds: definition.timeout ?? provider.timeout,
    memorySize: definition.memorySize ?? provider.memorySize,
    environment: Object.fromEntries(
      Object.entries({ ...provider.environment, ...definition.environment }).map(([name, value]) => [
        name,
        resolve(value),
      ]),
    ),
    queues: queues.map((sqs) => ({
      queue: queueName(resolve(sqs.arn)),
      batchSize: sqs.batchSize,
      windowSeconds: sqs.maximumBatchingWindow,
      maximumConcurrency: sqs.maximumConcurrency ?? null,
      partialResponses: sqs.functionResponseType === "ReportBatchItemFailures",
    })),
    schedules: schedules.flatMap(({ rate, input }) =>
      rate.map((expression) => ({ expression, input: input ?? null })),
    ),
    routes: definition.events.flatMap(({ httpApi }) => (httpApi === undefined ? [] : [httpApi])),
  };
};

const mergeResources = (resources: Service["resources"]): Resources =>
  Array.isArray(resources)
    ? Object.assign({}, ...resources.map(({ Resources }) => Resources))
    : resources.Resources;

/**
 * Reads what `serverless print --format json` printed.
 * @throws Error that names what is not understood: an unknown event option is refused, not ignored
 */
export const parseStackDefinition = (printed: unknown): StackDefinition => {
  const parsed = serviceSchema.safeParse(printed);
  if (!parsed.success)
    throw new Error(parsed.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`).join("; "));
  const { service, provider, functions, resources } = parsed.data;
  const template = mergeResources(resources);
  const resolve = intrinsicResolver(template, provider.region, `${service}-${provider.stage}`);
  const buckets = readBuckets(template, resolve);
  const documents = buckets.find(({ notifications }) => notifications.length > 0);
  if (documents === undefined) throw new Error("no bucket notifies a queue");
  return {
    service,
    region: provider.region,
    stage: provider.stage,
    documentBucket: documents.name,
    buckets,
    queues: readQueues(template, resolve),
    functions: Object.entries(functions).map(([key, definition]) =>
      readFunction(key, definition, provider, resolve),
    ),
    httpApi: provider.httpApi,
  };
};
