import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { sqsQueue } from "../../lib/aws/sqs-queue.ts";
import { sqsRedelivery } from "../../lib/lambda/redelivery.ts";

const message = z.object({ text: z.string() });
type Message = z.infer<typeof message>;

/** What the `Queue` port must do on a server of SQS. `open` gives a client and the name of an empty queue. */
export const testQueue = (
  name: string,
  open: () => Promise<{ readonly client: SQSClient; readonly queue: string }>,
): void => {
  describe(`${name} as a Queue`, () => {
    let client: SQSClient;
    let queue: string;
    let url: string;
    beforeAll(async () => {
      ({ client, queue } = await open());
      url = (await client.send(new GetQueueUrlCommand({ QueueName: queue }))).QueueUrl ?? "";
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
      await sqsQueue<Message>(client, queue, message).send(texts.map((text) => ({ text })));
      const received: string[] = [];
      for (let round = 0; round < 20 && received.length < texts.length; round++)
        for (const { Body } of await receive({ remove: true })) received.push(JSON.parse(Body ?? "").text);
      expect(received.sort()).toEqual(texts.sort());
    });

    it("splits what is too large for one request", async () => {
      const texts = ["a", "b", "c"].map((letter) => letter.repeat(190_000));
      await sqsQueue<Message>(client, queue).send(texts.map((text) => ({ text })));
      let received = 0;
      for (let round = 0; round < 20 && received < 3; round++)
        received += (await receive({ remove: true })).length;
      expect(received).toBe(3);
    });

    it("carries every character that JSON can hold", async () => {
      const text = "\u0000\u0001\t\ud83e\ude81 \ufffe\uffff\ud800 中文";
      await sqsQueue<Message>(client, queue).send([{ text }]);
      const [received] = await receive({ remove: true });
      expect(JSON.parse(received?.Body ?? "").text).toBe(text);
    });

    it("a failed message comes back when its redelivery says so", async () => {
      await sqsQueue<Message>(client, queue).send([{ text: "again" }]);
      const [first] = await receive({ remove: false });
      expect(await receive({ remove: false })).toEqual([]);
      await sqsRedelivery(client, queue).delay(first?.ReceiptHandle ?? "", 0);
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
};
