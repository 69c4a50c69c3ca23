import type { Config } from "../lib/config/schema.ts";
import { arnOf, pascal, type Resource, type Resources, ref } from "./cloudformation.ts";
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

/** A message in a dead-letter queue is work that ten deliveries could not do: somebody must look. */
const depthAlarm = (config: Config, queue: QueueName): Resource => ({
  Type: "AWS::CloudWatch::Alarm",
  Properties: {
    AlarmName: `${config.aws.queuePrefix}-${queue}-dlq-depth`,
    AlarmDescription: `Messages that the ${queue} queue's function could not handle; the documents are listed as failed`,
    Namespace: "AWS/SQS",
    MetricName: "ApproximateNumberOfMessagesVisible",
    Dimensions: [{ Name: "QueueName", Value: { "Fn::GetAtt": [deadLetterId(queue), "QueueName"] } }],
    Statistic: "Maximum",
    Period: 60,
    EvaluationPeriods: 1,
    ComparisonOperator: "GreaterThanThreshold",
    Threshold: 0,
    TreatMissingData: "notBreaching",
    AlarmActions: [ref("AlarmTopic")],
    OKActions: [ref("AlarmTopic")],
  },
});

/** Every queue with its dead-letter queue and the alarm on that one's depth, and the topic of the alarms. */
export const queueResources = (config: Config, times: Sizing): Resources => ({
  AlarmTopic: {
    Type: "AWS::SNS::Topic",
    Properties: { TopicName: `${config.name}-${config.stage}-alarms` },
  },
  ...Object.fromEntries(
    queueNames.flatMap((queue) => [
      [queueId(queue), queueResource(config, times, queue)],
      [deadLetterId(queue), deadLetterResource(config, times, queue)],
      [`${pascal(queue)}DeadLetterAlarm`, depthAlarm(config, queue)],
    ]),
  ),
});
