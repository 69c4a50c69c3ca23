import { setTimeout as wait } from "node:timers/promises";
import {
  GetQueueUrlCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { z } from "zod";
import { AppError } from "../errors.ts";
import { messageBody } from "../message-body.ts";
import { maxMessageBytes } from "../messages.ts";
import { awsFailure } from "./aws-failure.ts";
import type { Queue } from "./queue.ts";

/** SQS: at most 10 entries and 256 KiB in one SendMessageBatch. */
const maxEntries = 10;
const maxBatchBytes = 262_144;
const sendAttempts = 4;

export type SqsSender = Pick<SQSClient, "send">;

/** The URL of a queue by its name, asked once; a failed question is asked again. */
export const queueUrl = (client: SqsSender, name: string): (() => Promise<string>) => {
  let asked: Promise<string> | null = null;
  const ask = async (): Promise<string> => {
    try {
      const { QueueUrl = "" } = await client.send(new GetQueueUrlCommand({ QueueName: name }));
      return QueueUrl;
    } catch (error) {
      asked = null;
      throw awsFailure(`queue ${name}`, error);
    }
  };
  return () => {
    asked ??= ask();
    return asked;
  };
};

/** Consecutive bodies that fit one SendMessageBatch. */
const batchesOf = function* (bodies: Iterable<string>): Generator<readonly string[]> {
  let batch: string[] = [];
  let bytes = 0;
  for (const body of bodies) {
    const size = Buffer.byteLength(body);
    if (batch.length === maxEntries || (batch.length > 0 && bytes + size > maxBatchBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(body);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
};

/** Sends one batch; gives the entries that SQS failed on its own account. */
const sendOnce = async (
  client: SqsSender,
  name: string,
  url: string,
  entries: readonly SendMessageBatchRequestEntry[],
): Promise<readonly SendMessageBatchRequestEntry[]> => {
  const { Failed = [] } = await client.send(
    new SendMessageBatchCommand({ QueueUrl: url, Entries: [...entries] }),
  );
  const refused = Failed.find(({ SenderFault }) => SenderFault === true);
  if (refused !== undefined) throw new Error(`${name} refused a message: ${refused.Code} ${refused.Message}`);
  const failed = new Set(Failed.map(({ Id }) => Id));
  return entries.filter(({ Id }) => failed.has(Id));
};

const sendBatch = async (client: SqsSender, name: string, url: string, bodies: readonly string[]) => {
  let left: readonly SendMessageBatchRequestEntry[] = bodies.map((MessageBody, index) => ({
    Id: String(index),
    MessageBody,
  }));
  for (let attempt = 1; left.length > 0; attempt++) {
    if (attempt > sendAttempts)
      throw new AppError("AWS_UNAVAILABLE", `queue ${name} took none of ${left.length} messages`);
    if (attempt > 1) await wait(50 * 2 ** attempt * (0.5 + Math.random() / 2));
    left = await sendOnce(client, name, url, left);
  }
};

/**
 * The `Queue` port over SQS; the queue is found by its name. Messages are checked against `schema` where one is given.
 * @throws AppError `PAYLOAD_TOO_LARGE` for a body over `maxMessageBytes`, before anything of its batch is sent;
 *   `AWS_UNAVAILABLE` when SQS does not take all messages after several attempts.
 */
export const sqsQueue = <Message>(
  client: SqsSender,
  name: string,
  schema?: z.ZodType<Message>,
): Queue<Message> => {
  const url = queueUrl(client, name);

  const bodyOf = (message: Message): string => {
    const body = messageBody(schema === undefined ? message : schema.parse(message));
    const bytes = Buffer.byteLength(body);
    if (bytes > maxMessageBytes)
      throw new AppError(
        "PAYLOAD_TOO_LARGE",
        `a message for queue ${name} has ${bytes} bytes; at most ${maxMessageBytes} are allowed`,
      );
    return body;
  };

  const bodies = function* (messages: readonly Message[]): Generator<string> {
    for (const message of messages) yield bodyOf(message);
  };

  return {
    send: async (messages) => {
      if (messages.length === 0) return;
      const to = await url();
      for (const batch of batchesOf(bodies(messages))) {
        try {
          await sendBatch(client, name, to, batch);
        } catch (error) {
          throw error instanceof AppError ? error : awsFailure(`queue ${name}`, error);
        }
      }
    },
  };
};
