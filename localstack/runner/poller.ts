import { setTimeout as delay } from "node:timers/promises";
import type { SQSBatchResponse, SQSEvent, SQSMessageAttributes, SQSRecordAttributes } from "aws-lambda";
import { InvocationError } from "./function-host.ts";
import { localAccount } from "./intrinsics.ts";
import type { QueueSource, ReceivedMessage } from "./queue-source.ts";
import type { QueueMapping } from "./stack-definition.ts";

export type Poller = {
  /** Stops receiving, hands back what was received but not begun, and waits for what runs. */
  stop(): Promise<void>;
};

export type PollerOptions = {
  readonly mapping: QueueMapping;
  /** Invocations at once on this machine. */
  readonly concurrency: number;
  readonly region: string;
  readonly source: QueueSource;
  readonly invoke: (event: SQSEvent) => Promise<unknown>;
  /** One line for people. */
  readonly report: (line: string) => void;
};

type Waiting = { readonly message: ReceivedMessage; readonly since: number };

const longPollSeconds = 20;
const outageDelayMs = 1_000;
/** After a crash messages come back soon, and later each time: 1, 2, 4 … seconds, at most this. */
const longestCrashDelaySeconds = 60;

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const messageAttributes = (message: ReceivedMessage): SQSMessageAttributes =>
  Object.fromEntries(
    Object.entries(message.raw.MessageAttributes ?? {}).map(([name, value]) => [
      name,
      {
        dataType: value.DataType ?? "String",
        ...(value.StringValue !== undefined && { stringValue: value.StringValue }),
        ...(value.BinaryValue !== undefined && {
          binaryValue: Buffer.from(value.BinaryValue).toString("base64"),
        }),
        stringListValues: [],
        binaryListValues: [],
      },
    ]),
  );

/** The event that AWS makes of messages. */
export const sqsEvent = (messages: readonly ReceivedMessage[], queue: string, region: string): SQSEvent => ({
  Records: messages.map((message) => ({
    messageId: message.id,
    receiptHandle: message.receipt,
    body: message.body,
    attributes: { ...message.raw.Attributes } as unknown as SQSRecordAttributes,
    messageAttributes: messageAttributes(message),
    md5OfBody: message.raw.MD5OfBody ?? "",
    eventSource: "aws:sqs",
    eventSourceARN: `arn:aws:sqs:${region}:${localAccount}:${queue}`,
    awsRegion: region,
  })),
});

/**
 * Which messages of a batch are done, by AWS's rules for `ReportBatchItemFailures`: no list or an empty one means all;
 * an entry without an id, or with one that is not of this batch, means none.
 * Source: docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export const finishedMessages = (
  messages: readonly ReceivedMessage[],
  result: unknown,
  partialResponses: boolean,
): readonly ReceivedMessage[] => {
  if (!partialResponses || result === null || result === undefined) return messages;
  const failures = (result as Partial<SQSBatchResponse>).batchItemFailures;
  if (failures === undefined || failures === null) return messages;
  if (!Array.isArray(failures)) return [];
  const failed = new Set(failures.map((failure) => failure?.itemIdentifier));
  const ids = new Set(messages.map(({ id }) => id));
  if ([...failed].some((id) => typeof id !== "string" || !ids.has(id))) return [];
  return messages.filter(({ id }) => !failed.has(id));
};

class QueuePoller implements Poller {
  readonly #options: PollerOptions;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #receiving: Promise<void>;
  #waiting: readonly Waiting[] = [];
  #spaceFreed = Promise.withResolvers<void>();
  #windowTimer: NodeJS.Timeout | undefined;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#receiving = this.#keepReceiving();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#windowTimer);
    this.#spaceFreed.resolve();
    await this.#receiving;
    const unbegun = this.#waiting.map(({ message }) => message);
    this.#waiting = [];
    await this.#options.source.release(unbegun, () => 0).catch(() => undefined);
    await Promise.allSettled(this.#running);
  }

  get #stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #keepReceiving(): Promise<void> {
    const { mapping, report } = this.#options;
    let told = false;
    while (!this.#stopped)
      try {
        await this.#receive();
        told = false;
      } catch (error) {
        if (!told) report(`queue ${mapping.queue} does not answer: ${describe(error)}`);
        told = true;
        await delay(outageDelayMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
  }

  async #receive(): Promise<void> {
    const { mapping, source } = this.#options;
    const space = mapping.batchSize - this.#waiting.length;
    if (space <= 0) {
      this.#spaceFreed = Promise.withResolvers();
      await this.#spaceFreed.promise;
      return;
    }
    const messages = await source.receive(space, longPollSeconds, this.#stopping.signal);
    const since = Date.now();
    // One that waited beyond its visibility comes again: only the newer receipt is good.
    const again = new Set(messages.map(({ id }) => id));
    this.#waiting = [
      ...this.#waiting.filter(({ message }) => !again.has(message.id)),
      ...messages.map((message) => ({ message, since })),
    ];
    this.#dispatch();
  }

  #dispatch() {
    const { batchSize } = this.#options.mapping;
    while (this.#isDue()) {
      const batch = this.#waiting.slice(0, batchSize).map(({ message }) => message);
      this.#waiting = this.#waiting.slice(batchSize);
      this.#spaceFreed.resolve();
      const invocation = this.#work(batch).finally(() => {
        this.#running.delete(invocation);
        this.#dispatch();
      });
      this.#running.add(invocation);
    }
  }

  #isDue(): boolean {
    const { mapping, concurrency } = this.#options;
    const [oldest] = this.#waiting;
    if (oldest === undefined || this.#running.size >= concurrency || this.#stopped) return false;
    const dueAt = oldest.since + mapping.windowSeconds * 1000;
    if (this.#waiting.length >= mapping.batchSize || Date.now() >= dueAt) return true;
    clearTimeout(this.#windowTimer);
    this.#windowTimer = setTimeout(() => this.#dispatch(), dueAt - Date.now());
    return false;
  }

  async #work(messages: readonly ReceivedMessage[]): Promise<void> {
    const { mapping, source, invoke, region, report } = this.#options;
    const settle = await invoke(sqsEvent(messages, mapping.queue, region)).then(
      (result) => () => source.delete(finishedMessages(messages, result, mapping.partialResponses)),
      (error: unknown) => () => this.#handBack(messages, error),
    );
    try {
      await settle();
    } catch (error) {
      if (!this.#stopped) report(`queue ${mapping.queue}: ${describe(error)}`);
    }
  }

  async #handBack(messages: readonly ReceivedMessage[], error: unknown): Promise<void> {
    const { source, report } = this.#options;
    const reason = error instanceof InvocationError ? error.reason : "thrown";
    if (reason === "interrupted") await source.release(messages, () => 0);
    if (reason === "crashed")
      await source.release(messages, ({ receives }) =>
        Math.min(2 ** (receives - 1), longestCrashDelaySeconds),
      );
    if (reason === "thrown") report(`failed, ${messages.length} to come back: ${describe(error)}`);
  }
}

/**
 * Feeds one function from one queue, as an event source mapping does: batches of at most `batchSize`, collected for up
 * to the window, at most `concurrency` at once. One batch more is received while invocations run, so that the function
 * never waits for the queue. A batch that throws or times out comes back by the queue's visibility timeout; after a
 * crash it comes back soon, because here a crash may be somebody ending the process.
 */
export const startPoller = (options: PollerOptions): Poller => new QueuePoller(options);
