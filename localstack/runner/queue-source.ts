import { setTimeout as delay } from "node:timers/promises";
import { S3Client } from "@aws-sdk/client-s3";
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { QueueReader, WireMessage } from "../emulator/sqs/queue-reader.ts";

/** A message as SQS gave it, with what a poller needs at hand. */
export type ReceivedMessage = {
  readonly id: string;
  readonly receipt: string;
  readonly body: string;
  /** How many times it has been received, this time included. */
  readonly receives: number;
  readonly raw: Message;
};

/** Port: the queue that a poller reads. */
export type QueueSource = {
  /** At most 10; waits up to `waitSeconds` for the first. Gives nothing once aborted. */
  receive(max: number, waitSeconds: number, signal: AbortSignal): Promise<readonly ReceivedMessage[]>;
  delete(messages: readonly ReceivedMessage[]): Promise<void>;
  /** Makes messages visible after `seconds`. */
  release(messages: readonly ReceivedMessage[], seconds: (message: ReceivedMessage) => number): Promise<void>;
};

const received = (message: Message): ReceivedMessage => ({
  id: message.MessageId ?? "",
  receipt: message.ReceiptHandle ?? "",
  body: message.Body ?? "",
  receives: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
  raw: message,
});

/** SQS takes ten a call. */
const inTens = <Item>(items: readonly Item[]): readonly (readonly Item[])[] =>
  Array.from({ length: Math.ceil(items.length / 10) }, (_, i) => items.slice(i * 10, i * 10 + 10));

const attempts = 3;

/**
 * Calls until no entry is reported as failed. What still fails becomes visible again by itself, and the work is done
 * once more: that is what delivery at least once means.
 */
const untilDone = async (call: () => Promise<{ Failed?: readonly unknown[] | undefined }>): Promise<void> => {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const { Failed = [] } = await call();
    if (Failed.length === 0) return;
    await delay(100 * attempt);
  }
};

const credentials = { accessKeyId: "local", secretAccessKey: "local" };

export const bucketClient = (endpoint: string, region: string): S3Client =>
  new S3Client({ endpoint, region, credentials, forcePathStyle: true });

/** The client that pollers share; its connections stay open for long polls. */
export const queueClient = (endpoint: string, region: string): SQSClient =>
  new SQSClient({
    endpoint,
    region,
    credentials,
    // LocalStack's queue URLs name a host that not every resolver knows.
    useQueueUrlAsEndpoint: false,
    requestHandler: { httpAgent: { keepAlive: true, maxSockets: 100 } },
  });

const withBytes = ({ MessageAttributes, ...message }: WireMessage): Message => ({
  ...message,
  ...(MessageAttributes && {
    MessageAttributes: Object.fromEntries(
      Object.entries(MessageAttributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
        name,
        {
          DataType,
          StringValue,
          BinaryValue: BinaryValue === undefined ? undefined : Buffer.from(BinaryValue, "base64"),
        },
      ]),
    ),
  }),
});

/** The emulator of this process. Polling it over HTTP took a tenth as much processor time as embedding. */
export const emulatorSource = (reader: QueueReader): QueueSource => ({
  receive: async (max, waitSeconds, signal) =>
    (await reader.receive(max, waitSeconds, signal)).map((message) => received(withBytes(message))),
  delete: async (messages) => {
    for (const { receipt } of messages) reader.remove(receipt);
  },
  release: async (messages, seconds) => {
    for (const message of messages) reader.changeVisibility(message.receipt, seconds(message));
  },
});

/** @throws when there is no such queue */
export const sqsSource = async (client: SQSClient, queueName: string): Promise<QueueSource> => {
  const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: queueName }));
  return {
    receive: async (max, waitSeconds, signal) => {
      try {
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({
            QueueUrl,
            MaxNumberOfMessages: Math.min(10, max),
            WaitTimeSeconds: waitSeconds,
            MessageSystemAttributeNames: ["All"],
            MessageAttributeNames: ["All"],
          }),
          { abortSignal: signal },
        );
        return Messages.map(received);
      } catch (error) {
        if (signal.aborted) return [];
        throw error;
      }
    },
    delete: async (messages) => {
      for (const ten of inTens(messages))
        await untilDone(() =>
          client.send(
            new DeleteMessageBatchCommand({
              QueueUrl,
              Entries: ten.map(({ receipt }, i) => ({ Id: String(i), ReceiptHandle: receipt })),
            }),
          ),
        );
    },
    release: async (messages, seconds) => {
      for (const ten of inTens(messages))
        await untilDone(() =>
          client.send(
            new ChangeMessageVisibilityBatchCommand({
              QueueUrl,
              Entries: ten.map((message, i) => ({
                Id: String(i),
                ReceiptHandle: message.receipt,
                VisibilityTimeout: seconds(message),
              })),
            }),
          ),
        );
    },
  };
};
