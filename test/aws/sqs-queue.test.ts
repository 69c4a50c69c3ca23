import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
} from "@aws-sdk/client-sqs";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { sqsClient } from "../../lib/aws/clients.ts";
import { sqsQueue } from "../../lib/aws/sqs-queue.ts";
import { sqsRedelivery } from "../../lib/lambda/redelivery.ts";
import { withEmulator } from "./emulated.ts";

withEmulator();

const message = z.object({ text: z.string() });
type Message = z.infer<typeof message>;

describe("sqsQueue on the emulator", () => {
  let client: ReturnType<typeof sqsClient>;
  let url: string;
  beforeAll(async () => {
    client = sqsClient("us-east-1");
    url = (await client.send(new GetQueueUrlCommand({ QueueName: "work" }))).QueueUrl ?? "";
  });

  const receive = async (options: { readonly remove: boolean }) => {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, VisibilityTimeout: 30 }),
    );
    if (options.remove)
      for (const { ReceiptHandle } of Messages)
        await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
    return Messages;
  };

  it("sends any number of messages, each once", async () => {
    const texts = Array.from({ length: 23 }, (_, index) => `message ${index}`);
    await sqsQueue<Message>(client, "work", message).send(texts.map((text) => ({ text })));
    const received: string[] = [];
    for (let round = 0; round < 20 && received.length < texts.length; round++)
      for (const { Body } of await receive({ remove: true })) received.push(JSON.parse(Body ?? "").text);
    expect(received.sort()).toEqual(texts.sort());
  });

  it("splits what is too large for one request", async () => {
    const texts = ["a", "b", "c"].map((letter) => letter.repeat(190_000));
    await sqsQueue<Message>(client, "work").send(texts.map((text) => ({ text })));
    let received = 0;
    for (let round = 0; round < 20 && received < 3; round++)
      received += (await receive({ remove: true })).length;
    expect(received).toBe(3);
  });

  it("carries every character that JSON can hold", async () => {
    const text = "\u0000\u0001\t\ud83e\ude81 \ufffe\uffff\ud800 中文";
    await sqsQueue<Message>(client, "work").send([{ text }]);
    const [received] = await receive({ remove: true });
    expect(JSON.parse(received?.Body ?? "").text).toBe(text);
  });

  it("a failed message comes back when its redelivery says so", async () => {
    await sqsQueue<Message>(client, "work").send([{ text: "again" }]);
    const [first] = await receive({ remove: false });
    expect(await receive({ remove: false })).toEqual([]);
    await sqsRedelivery(client, "work").delay(first?.ReceiptHandle ?? "", 0);
    const [second] = await receive({ remove: true });
    expect(second?.MessageId).toBe(first?.MessageId);
  });

  it("names a queue that does not exist", async () => {
    await expect(sqsQueue<Message>(client, "no-such-queue").send([{ text: "x" }])).rejects.toMatchObject({
      code: "AWS_UNAVAILABLE",
      message: expect.stringContaining("no-such-queue"),
    });
  });
});

type Entry = { readonly Id: string; readonly MessageBody: string };
type Verdict = { readonly Id: string; readonly SenderFault: boolean; readonly Code: string };

/** SQS that fails some entries of each request, as it may. */
const failing = (verdicts: ((entries: readonly Entry[]) => readonly Verdict[])[]) => {
  const requests: Entry[][] = [];
  let urls = 0;
  const send = async (command: unknown) => {
    if (command instanceof GetQueueUrlCommand) {
      urls += 1;
      return { QueueUrl: "http://queue" };
    }
    if (!(command instanceof SendMessageBatchCommand)) throw new Error("unexpected command");
    const entries = command.input.Entries as Entry[];
    requests.push(entries);
    return { Failed: verdicts.shift()?.(entries) ?? [] };
  };
  return { requests, urls: () => urls, client: { send } as unknown as Parameters<typeof sqsQueue>[0] };
};

const throttled = (entry: Entry): Verdict => ({ Id: entry.Id, SenderFault: false, Code: "Throttled" });

describe("sqsQueue when SQS fails in part", () => {
  it("sends again only what failed, and asks for the queue's URL once", async () => {
    const { client, requests, urls } = failing([(entries) => entries.slice(1).map(throttled)]);
    const queue = sqsQueue<Message>(client, "q");
    await queue.send([{ text: "a" }, { text: "b" }, { text: "c" }]);
    await queue.send([{ text: "d" }]);
    const bodies = requests.map((entries) => entries.map(({ MessageBody }) => JSON.parse(MessageBody).text));
    expect(bodies).toEqual([["a", "b", "c"], ["b", "c"], ["d"]]);
    expect(urls()).toBe(1);
  });

  it("throws AWS_UNAVAILABLE when it keeps failing", async () => {
    const all = (entries: readonly Entry[]) => entries.map(throttled);
    const { client } = failing([all, all, all, all, all]);
    await expect(sqsQueue<Message>(client, "q").send([{ text: "a" }])).rejects.toMatchObject({
      code: "AWS_UNAVAILABLE",
    });
  });

  it("does not repeat what SQS refuses", async () => {
    const { client, requests } = failing([
      ([entry]) => [{ Id: entry!.Id, SenderFault: true, Code: "InvalidMessageContents" }],
    ]);
    await expect(sqsQueue<Message>(client, "q").send([{ text: "a" }])).rejects.toThrow(
      /InvalidMessageContents/,
    );
    expect(requests).toHaveLength(1);
  });

  it("refuses a body over the limit before anything of its batch is sent", async () => {
    const { client, requests } = failing([]);
    await expect(
      sqsQueue<Message>(client, "q").send([{ text: "a" }, { text: "中".repeat(70_000) }]),
    ).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE", message: expect.stringContaining("200000") });
    expect(requests).toEqual([]);
  });
});
