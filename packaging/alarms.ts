import { type FunctionName, functionNames } from "../lib/config/function-names.ts";
import type { Config } from "../lib/config/schema.ts";
import { healthMetrics } from "../lib/lambda/health-watch.ts";
import { arnOf, pascal, type Resource, type Resources, ref, type Value } from "./cloudformation.ts";
import { deadLetterId, queueId } from "./queues.ts";
import { type QueueName, queueNames } from "./sizing.ts";

/** Each kind of alarm has a section of this name in docs/runbook.md, and its description points there. */
export const alarmKinds = [
  "dead-letter-queue",
  "oldest-message",
  "function-errors",
  "function-throttles",
  "milvus-down",
] as const;
export type AlarmKind = (typeof alarmKinds)[number];

type Alarm = {
  readonly kind: AlarmKind;
  readonly name: string;
  /** What it means, for whoever is woken. */
  readonly meaning: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, Value>>;
  readonly statistic: "Maximum" | "Sum";
  readonly periodSeconds: number;
  readonly periods: number;
  /** It rings at this value and above. */
  readonly atLeast: number;
  /** Is silence of the metric a reason to ring? */
  readonly silence: "breaching" | "notBreaching";
};

/** The topic that alarms are sent to: the parameters' own, else the stack's. */
export const alarmTopic = ({ alarms }: Config): Value => alarms.topicArn ?? ref("AlarmTopic");

const alarmResource = (config: Config, alarm: Alarm): Resource => ({
  Type: "AWS::CloudWatch::Alarm",
  Properties: {
    AlarmName: alarm.name,
    AlarmDescription: `${alarm.meaning}. What to do: ${config.alarms.runbook}#${alarm.kind}`,
    Namespace: alarm.namespace,
    MetricName: alarm.metric,
    Dimensions: Object.entries(alarm.dimensions).map(([Name, Value]) => ({ Name, Value })),
    Statistic: alarm.statistic,
    Period: alarm.periodSeconds,
    EvaluationPeriods: alarm.periods,
    ComparisonOperator: "GreaterThanOrEqualToThreshold",
    Threshold: alarm.atLeast,
    TreatMissingData: alarm.silence,
    AlarmActions: [alarmTopic(config)],
    OKActions: [alarmTopic(config)],
  },
});

const queueName = (id: string): Value => ({ "Fn::GetAtt": [id, "QueueName"] });

const queueAlarms = ({ aws, alarms }: Config, queue: QueueName): Readonly<Record<string, Alarm>> => {
  const shared = {
    namespace: "AWS/SQS",
    statistic: "Maximum",
    periodSeconds: 60,
    silence: "notBreaching",
  } as const;
  return {
    [`${pascal(queue)}DeadLetterAlarm`]: {
      ...shared,
      kind: "dead-letter-queue",
      name: `${aws.queuePrefix}-${queue}-dlq-depth`,
      meaning: `Messages that the ${queue} queue's function could not handle; the documents are listed as failed`,
      metric: "ApproximateNumberOfMessagesVisible",
      dimensions: { QueueName: queueName(deadLetterId(queue)) },
      periods: 1,
      atLeast: alarms.deadLetters,
    },
    [`${pascal(queue)}OldestMessageAlarm`]: {
      ...shared,
      kind: "oldest-message",
      name: `${aws.queuePrefix}-${queue}-oldest-message`,
      meaning: `A message has been in the ${queue} queue for more than ${alarms.oldestMessageMinutes} minutes`,
      metric: "ApproximateAgeOfOldestMessage",
      dimensions: { QueueName: queueName(queueId(queue)) },
      periods: 5,
      atLeast: alarms.oldestMessageMinutes * 60,
    },
  };
};

const functionAlarms = (
  { name, stage, alarms }: Config,
  fn: FunctionName,
): Readonly<Record<string, Alarm>> => {
  const shared = {
    namespace: "AWS/Lambda",
    dimensions: { FunctionName: ref(`${pascal(fn)}LambdaFunction`) },
    statistic: "Sum",
    periodSeconds: 300,
    periods: 1,
    silence: "notBreaching",
  } as const;
  return {
    [`${pascal(fn)}ErrorsAlarm`]: {
      ...shared,
      kind: "function-errors",
      name: `${name}-${stage}-${fn}-errors`,
      meaning: `The function ${fn} failed ${alarms.functionErrors} times or more within five minutes`,
      metric: "Errors",
      atLeast: alarms.functionErrors,
    },
    [`${pascal(fn)}ThrottlesAlarm`]: {
      ...shared,
      kind: "function-throttles",
      name: `${name}-${stage}-${fn}-throttles`,
      meaning: `The function ${fn} was throttled ${alarms.throttles} times or more within five minutes`,
      metric: "Throttles",
      atLeast: alarms.throttles,
    },
  };
};

const milvusAlarm = ({ name, stage, alarms }: Config): Alarm => ({
  kind: "milvus-down",
  name: `${name}-${stage}-milvus-down`,
  meaning: `The vector store has not answered for ${alarms.storeDownMinutes} minutes, or nobody could ask it`,
  namespace: healthMetrics.namespace,
  metric: healthMetrics.storeUnavailable,
  dimensions: { service: name, stage },
  statistic: "Maximum",
  periodSeconds: 60,
  periods: alarms.storeDownMinutes,
  atLeast: 1,
  // The watch that does not run sees nothing: that is no better than a store that is down.
  silence: "breaching",
});

/** Every minute the api function asks store, model and queues, and puts down what it found as a metric. */
const watchResources = (): Resources => ({
  HealthWatchRule: {
    Type: "AWS::Events::Rule",
    Properties: {
      Description: "Asks whether the store answers, for the alarm milvus-down",
      ScheduleExpression: "rate(1 minute)",
      State: "ENABLED",
      Targets: [{ Id: "health-watch", Arn: arnOf("ApiLambdaFunction") }],
    },
  },
  HealthWatchPermission: {
    Type: "AWS::Lambda::Permission",
    Properties: {
      Action: "lambda:InvokeFunction",
      FunctionName: arnOf("ApiLambdaFunction"),
      Principal: "events.amazonaws.com",
      SourceArn: arnOf("HealthWatchRule"),
    },
  },
});

const topicResources = ({ name, stage, alarms }: Config): Resources => {
  if (alarms.topicArn !== null) return {};
  return {
    AlarmTopic: { Type: "AWS::SNS::Topic", Properties: { TopicName: `${name}-${stage}-alarms` } },
    ...(alarms.email !== null && {
      AlarmSubscription: {
        Type: "AWS::SNS::Subscription",
        Properties: { TopicArn: ref("AlarmTopic"), Protocol: "email", Endpoint: alarms.email },
      },
    }),
  };
};

/** The alarms of one stage, their topic, and what watches the store for them. */
export const alarmResources = (config: Config): Resources => {
  const alarms = {
    ...Object.assign({}, ...queueNames.map((queue) => queueAlarms(config, queue))),
    ...Object.assign({}, ...functionNames.map((fn) => functionAlarms(config, fn))),
    MilvusDownAlarm: milvusAlarm(config),
  } as Readonly<Record<string, Alarm>>;
  return {
    ...topicResources(config),
    ...watchResources(),
    ...Object.fromEntries(Object.entries(alarms).map(([id, alarm]) => [id, alarmResource(config, alarm)])),
  };
};
