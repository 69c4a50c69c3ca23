import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { SQSEvent } from "aws-lambda";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Emulator, startEmulator } from "../../localstack/emulator/emulator.ts";
import { InvocationError } from "../../localstack/runner/function-host.ts";
import { finishedMessages, type Poller, startPoller } from "../../localstack/runner/poller.ts";
import {
  emulatorSource,
  type QueueSource,
  queueClient,
  type ReceivedMessage,
  sqsSource,
} from "../../localstack/runner/queue-source.ts";
import type { QueueMapping } from "../../localstack/runner/stack-definition.ts";

const region = "us-east-1";
const visibilityTimeout = 1;
const mapping: QueueMapping = {
  queue: "work",
  batchSize: 10,
  windowSeconds: 0,
  maximumConcurrency: null,
  partialResponses: true,
};

let dataDir: string;
let emulator: Emulator;
let client: SQSClient;
let poller: Poller | undefined;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "kettle-poller-"));
  emulator = await startEmulator({
    port: 0,
    dataDir,
    buckets: [],
    queues: [
      {
        name: "work",
        visibilityTimeout,
        retentionSeconds: 3600,
        redrive: { dlq: "dead", maxReceiveCount: 3 },
      },
      { name: "slow", visibilityTimeout: 30, retentionSeconds: 3600 },
      { name: "dead", visibilityTimeout: 30, retentionSeconds: 3600 },
    ],
  });
  client = queueClient(emulator.url, region);
});

afterEach(async () => {
  await poller?.stop();
  poller = undefined;
  client.destroy();
  await emulator.close();
  rmSync(dataDir, { recursive: true });
});

const queueUrl = (name: string) => `${emulator.url}/000000000000/${name}`;

const send = async (bodies: readonly string[], name = "work") => {
  const Entries = bodies.map((MessageBody, i) => ({ Id: String(i), MessageBody }));
  await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl(name), Entries }));
};

/** Visible and in flight. */
const depth = async (name: string): Promise<readonly number[]> => {
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl(name), AttributeNames: ["All"] }),
  );
  return [
    Number(Attributes?.ApproximateNumberOfMessages),
    Number(Attributes?.ApproximateNumberOfMessagesNotVisible),
  ];
};

const poll = async (
  invoke: (event: SQSEvent) => Promise<unknown>,
  change: Partial<QueueMapping> & { concurrency?: number; report?: (line: string) => void } = {},
) => {
  const { concurrency = 1, report = () => undefined, ...mappingChange } = change;
  poller = startPoller({
    mapping: { ...mapping, ...mappingChange },
    concurrency,
    region,
    source: await sourceOf(mappingChange.queue ?? "work"),
    invoke,
    report,
  });
};

const bodies = ({ Records }: SQSEvent) => Records.map(({ body }) => body);
const patience = { timeout: 10_000, interval: 20 };

type SourceName = "over SQS" | "in the emulator's process";
let sourceName: SourceName;

const sourceOf = (queue: string): Promise<QueueSource> | QueueSource =>
  sourceName === "over SQS" ? sqsSource(client, queue) : emulatorSource(emulator.queueReader(queue));

describe.each<SourceName>(["over SQS", "in the emulator's process"])("an event source mapping %s", (name) => {
  beforeEach(() => {
    sourceName = name;
  });

  it("hands over what AWS would, and deletes what was done", async () => {
    const events: SQSEvent[] = [];
    const MessageAttributes = {
      text: { DataType: "String", StringValue: "a" },
      bytes: { DataType: "Binary", BinaryValue: Buffer.from("b") },
    };
    const MessageBody = "one";
    await client.send(new SendMessageCommand({ QueueUrl: queueUrl("work"), MessageBody, MessageAttributes }));
    await poll(async (event) => events.push(event));
    await vi.waitFor(async () => {
      expect(events).toHaveLength(1);
      expect(await depth("work")).toEqual([0, 0]);
    }, patience);
    expect(events[0]?.Records[0]).toMatchObject({
      body: "one",
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:work",
      awsRegion: region,
      attributes: { ApproximateReceiveCount: "1", SentTimestamp: expect.stringMatching(/^\d{13}$/) },
      messageAttributes: {
        text: { dataType: "String", stringValue: "a" },
        bytes: { dataType: "Binary", binaryValue: Buffer.from("b").toString("base64") },
      },
    });
  });

  it("of a batch only the named failures come back, and go to the dead-letter queue after their last receive", async () => {
    const seen: string[] = [];
    await send(["good", "bad", "fine"]);
    await poll(async (event) => {
      seen.push(...bodies(event));
      const failed = event.Records.filter(({ body }) => body === "bad");
      return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
    });
    await vi.waitFor(async () => expect(await depth("dead")).toEqual([1, 0]), patience);
    expect(seen.sort()).toEqual(["bad", "bad", "bad", "fine", "good"]);
    expect(await depth("work")).toEqual([0, 0]);
  });

  it("a batch that throws comes back as a whole by the queue's visibility timeout, and is told of", async () => {
    const times: number[] = [];
    const lines: string[] = [];
    await send(["a"]);
    await poll(
      async () => {
        times.push(Date.now());
        if (times.length === 1) throw new InvocationError("thrown", "Error: no");
      },
      { report: (line) => lines.push(line) },
    );
    await vi.waitFor(() => expect(times).toHaveLength(2), patience);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(visibilityTimeout * 900);
    expect(lines).toEqual([expect.stringContaining("no")]);
  });

  it("what a process lost through another's fault comes back at once", async () => {
    const times: number[] = [];
    await send(["a"]);
    await poll(async () => {
      times.push(Date.now());
      if (times.length === 1) throw new InvocationError("interrupted", "");
    });
    await vi.waitFor(() => expect(times).toHaveLength(2), patience);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeLessThan(visibilityTimeout * 900);
  });

  it("batches are full when there is enough, and never larger than batchSize", async () => {
    const sizes: number[] = [];
    await send(["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    await poll(async (event) => sizes.push(event.Records.length), { batchSize: 4 });
    await vi.waitFor(() => expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(9), patience);
    expect(sizes).toEqual([4, 4, 1]);
  });

  it("a window collects messages that come one by one", async () => {
    const batches: (readonly string[])[] = [];
    await poll(async (event) => batches.push(bodies(event)), {
      queue: "slow",
      batchSize: 20,
      windowSeconds: 1,
    });
    await send(["a"], "slow");
    await send(["b"], "slow");
    await send(["c"], "slow");
    await vi.waitFor(() => expect(batches).toHaveLength(1), patience);
    expect(batches[0]).toEqual(["a", "b", "c"]);
  });

  it("so many invocations run at once, and the next batch is there before one of them ends", async () => {
    const gates: (() => void)[] = [];
    await send(["1", "2", "3", "4"]);
    await poll(() => new Promise<void>((resolve) => gates.push(resolve)), { batchSize: 1, concurrency: 2 });
    await vi.waitFor(async () => {
      expect(gates).toHaveLength(2);
      expect(await depth("work")).toEqual([1, 3]);
    }, patience);
    gates[0]?.();
    await vi.waitFor(() => expect(gates).toHaveLength(3), patience);
    for (const open of gates) open();
    await vi.waitFor(() => expect(gates).toHaveLength(4), patience);
    gates[3]?.();
  });

  it("stopping hands back what was received but not begun", async () => {
    const gate = Promise.withResolvers<void>();
    await send(["running", "waiting"]);
    await poll(() => gate.promise, { batchSize: 1 });
    await vi.waitFor(async () => expect(await depth("work")).toEqual([0, 2]), patience);
    const stopped = poller?.stop();
    await vi.waitFor(async () => expect(await depth("work")).toEqual([1, 1]), patience);
    gate.resolve();
    await stopped;
    expect(await depth("work")).toEqual([1, 0]);
  });
});

describe("ReportBatchItemFailures", () => {
  const message = (id: string): ReceivedMessage => ({ id, receipt: id, body: "", receives: 1, raw: {} });
  const messages = [message("a"), message("b")];
  const failures = (...ids: unknown[]) => ({ batchItemFailures: ids.map((id) => ({ itemIdentifier: id })) });

  it.each([
    ["nothing", undefined, ["a", "b"]],
    ["null", null, ["a", "b"]],
    ["an empty object", {}, ["a", "b"]],
    ["an empty list", failures(), ["a", "b"]],
    ["one id", failures("b"), ["a"]],
    ["an empty id", failures(""), []],
    ["an id of null", failures(null), []],
    ["an id of no message", failures("c"), []],
    ["a list of something else", { batchItemFailures: ["a"] }, []],
    ["no list", { batchItemFailures: "a" }, []],
  ])("%s", (_, result, done) => {
    expect(finishedMessages(messages, result, true).map(({ id }) => id)).toEqual(done);
  });

  it("is not looked at unless the mapping asks for it", () => {
    expect(finishedMessages(messages, failures("a"), false)).toEqual(messages);
  });
});
