import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { S3Client } from "@aws-sdk/client-s3";
import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { onTestFinished } from "vitest";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../localstack/emulator/emulator.ts";

export const bucket = "documents";
export const queue = "events";
export const deadLetters = "events-dlq";

/** A folder that goes away after the test. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "kettle-emulator-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

/** One bucket that notifies one queue, which has a dead-letter queue. */
export const options = (changes: Partial<EmulatorOptions> = {}): EmulatorOptions => ({
  port: 0,
  dataDir: temporaryFolder(),
  queues: [
    {
      name: queue,
      visibilityTimeout: 30,
      retentionSeconds: 1_209_600,
      redrive: { dlq: deadLetters, maxReceiveCount: 3 },
    },
    { name: deadLetters, visibilityTimeout: 30, retentionSeconds: 1_209_600 },
  ],
  buckets: [
    { name: bucket, notifications: [{ queue, events: ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"] }] },
  ],
  ...changes,
});

/** Clients as anybody would make them; any credentials do. */
export const clients = (url: string): { s3: S3Client; sqs: SQSClient } => {
  const settings = {
    endpoint: url,
    region: "eu-central-1",
    credentials: { accessKeyId: "anyone", secretAccessKey: "anything" },
    maxAttempts: 1,
  };
  const s3 = new S3Client(settings);
  const sqs = new SQSClient(settings);
  onTestFinished(() => {
    s3.destroy();
    sqs.destroy();
  });
  return { s3, sqs };
};

export type Running = Emulator & ReturnType<typeof clients> & { readonly options: EmulatorOptions };

/** Stopped after the test. */
export const running = async (changes: Partial<EmulatorOptions> = {}): Promise<Running> => {
  const chosen = options(changes);
  const emulator = await startEmulator(chosen);
  onTestFinished(() => emulator.close());
  return { ...emulator, ...clients(emulator.url), options: chosen };
};

export const queueUrl = async (sqs: SQSClient, name = queue): Promise<string> =>
  (await sqs.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl!;

export const send = async (sqs: SQSClient, body: string, name = queue): Promise<void> => {
  await sqs.send(new SendMessageCommand({ QueueUrl: await queueUrl(sqs, name), MessageBody: body }));
};

export const receive = async (
  sqs: SQSClient,
  request: Partial<ConstructorParameters<typeof ReceiveMessageCommand>[0]> = {},
  name = queue,
): Promise<Message[]> => {
  const command = new ReceiveMessageCommand({
    QueueUrl: await queueUrl(sqs, name),
    MaxNumberOfMessages: 10,
    MessageSystemAttributeNames: ["All"],
    ...request,
  });
  return (await sqs.send(command)).Messages ?? [];
};

export const acknowledge = async (sqs: SQSClient, message: Message, name = queue): Promise<void> => {
  const command = { QueueUrl: await queueUrl(sqs, name), ReceiptHandle: message.ReceiptHandle! };
  await sqs.send(new DeleteMessageCommand(command));
};

/** Receives and deletes until the queue is empty. */
export const drain = async (sqs: SQSClient, name = queue): Promise<string[]> => {
  const bodies: string[] = [];
  for (;;) {
    const messages = await receive(sqs, {}, name);
    if (messages.length === 0) return bodies;
    for (const message of messages) {
      bodies.push(message.Body!);
      await acknowledge(sqs, message, name);
    }
  }
};

export type S3Record = {
  eventName: string;
  eventTime: string;
  awsRegion: string;
  s3: {
    bucket: { name: string; arn: string };
    object: { key: string; size?: number; eTag?: string; sequencer: string };
  };
};

export const recordsOf = (body: string): S3Record[] => (JSON.parse(body) as { Records: S3Record[] }).Records;

/** The notifications waiting in the queue, taken off it. */
export const notifications = async (sqs: SQSClient): Promise<S3Record[]> =>
  (await drain(sqs)).flatMap(recordsOf);

/** The key of a notification as AWS's documentation says to read it. */
export const keyOf = ({ s3 }: S3Record): string => decodeURIComponent(s3.object.key.replaceAll("+", " "));

const standalone = join(import.meta.dirname, "../../localstack/emulator/main.ts");

export type Standalone = { readonly url: string; readonly process: ChildProcess };

/** The emulator in a process of its own, for tests that kill it. */
export const startStandalone = async (chosen: EmulatorOptions): Promise<Standalone> => {
  const child = spawn(process.execPath, [standalone, JSON.stringify(chosen)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const lines = createInterface({ input: child.stdout! });
  const [url] = (await Promise.race([
    once(lines, "line"),
    once(child, "exit").then(([code]) => {
      throw new Error(`the emulator ended with ${code}`);
    }),
  ])) as [string];
  return { url, process: child };
};

export const kill = async ({ process: child }: Standalone): Promise<void> => {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
};
