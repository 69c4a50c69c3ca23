import { GetQueueUrlCommand, SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import { describe, expect, it } from "vitest";
import { sqsClient } from "../../lib/aws/clients.ts";
import { sqsQueue } from "../../lib/aws/sqs-queue.ts";
import { testQueue } from "../contract/queue.ts";
import { withEmulator } from "./emulated.ts";

withEmulator();

testQueue("the emulator's SQS", async () => ({ client: sqsClient("us-east-1"), queue: "work" }));

type Message = { readonly text: string };

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
