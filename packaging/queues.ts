import type { Config } from "../lib/config/schema.ts";
import { arnOf, pascal, type Resource, type Resources } from "./cloudformation.ts";
import { type QueueName, queueNames, type Sizing } from "./sizing.ts";

export const queueId = (queue: QueueName): string => `${pascal(queue)}Queue`;
export const deadLetterId = (queue: QueueName): string => `${pascal(queue)}DeadLetterQueue`;

const queueResource = (config: Config, times: Sizing, queue: QueueName): Resource => ({
  Type: "AWS::SQS::Queue",
  Properties: {
    QueueName: `${config.aws.queuePrefix}-${queue}`,
    VisibilityTimeout: times.visibility[queue],
    MessageRetentionPeriod: times.retention,
    ReceiveMessageWaitTimeSeconds: 20,
    SqsManagedSseEnabled: true,
    RedrivePolicy: {
      deadLetterTargetArn: arnOf(deadLetterId(queue)),
      maxReceiveCount: config.queues.maxReceives,
    },
  },
});

const deadLetterResource = (config: Config, times: Sizing, queue: QueueName): Resource => ({
  Type: "AWS::SQS::Queue",
  Properties: {
    QueueName: `${config.aws.queuePrefix}-${queue}-dlq`,
    MessageRetentionPeriod: times.deadLetterRetention,
    SqsManagedSseEnabled: true,
  },
});

/** Every queue with its dead-letter queue. */
export const queueResources = (config: Config, times: Sizing): Resources =>
  Object.fromEntries(
    queueNames.flatMap((queue) => [
      [queueId(queue), queueResource(config, times, queue)],
      [deadLetterId(queue), deadLetterResource(config, times, queue)],
    ]),
  );
