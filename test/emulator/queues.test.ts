import { request } from "node:http";
import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListMessageMoveTasksCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  StartMessageMoveTaskCommand,
  TagQueueCommand,
} from "@aws-sdk/client-sqs";
import { expect, test, vi } from "vitest";
import { acknowledge, deadLetters, drain, queue, queueUrl, receive, running, send } from "./harness.ts";

test.each([
  ["characters beyond U+FFFF", "𠮷野家 😀 \u{10FFFF}"],
  ["two hundred kilobytes", "长".repeat(66_000)],
  ["white space and quotes", " \t\n\r \"'<>&\\ "],
])("a body comes back as it was sent: %s", async (_, body) => {
  const { sqs } = await running();
  await send(sqs, body);
  const [message] = await receive(sqs);
  expect(message!.Body).toBe(body);
});

test("a body over 256 KiB, an empty one and one with characters that XML forbids are refused", async () => {
  const { sqs } = await running();
  await send(sqs, "x".repeat(262_144));
  await expect(send(sqs, "x".repeat(262_145))).rejects.toMatchObject({ name: "InvalidParameterValue" });
  await expect(send(sqs, "a\u0000b")).rejects.toMatchObject({ name: "InvalidMessageContents" });
  await expect(send(sqs, "a\uFFFEb")).rejects.toMatchObject({ name: "InvalidMessageContents" });
  await expect(send(sqs, "")).rejects.toMatchObject({ name: "MissingParameter" });
  expect(await drain(sqs)).toHaveLength(1);
});

test("attributes of a message come when they are asked for", async () => {
  const { sqs } = await running();
  const MessageAttributes = {
    "trace.id": { DataType: "String", StringValue: "abc" },
    "trace.n": { DataType: "Number", StringValue: "1" },
    other: { DataType: "Binary", BinaryValue: Buffer.from([0, 255]) },
  };
  const QueueUrl = await queueUrl(sqs);
  const sent = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "x", MessageAttributes }));
  const [plain] = await receive(sqs, { VisibilityTimeout: 0 });
  expect(plain!.MessageAttributes).toBeUndefined();
  const [some] = await receive(sqs, { VisibilityTimeout: 0, MessageAttributeNames: ["trace.*"] });
  expect(Object.keys(some!.MessageAttributes!)).toEqual(["trace.id", "trace.n"]);
  const [every] = await receive(sqs, { MessageAttributeNames: ["All"] });
  expect(every!.MD5OfMessageAttributes).toBe(sent.MD5OfMessageAttributes);
  expect(every!.MessageAttributes!.other!.BinaryValue).toEqual(new Uint8Array([0, 255]));
});

test("a batch takes what is good and names what is not", async () => {
  const { sqs } = await running();
  const QueueUrl = await queueUrl(sqs);
  const Entries = [
    { Id: "a", MessageBody: "good" },
    { Id: "b", MessageBody: "bad\u0001" },
    { Id: "c", MessageBody: "x".repeat(262_145) },
    { Id: "d", MessageBody: "also good" },
  ];
  const { Successful, Failed } = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  expect(Successful!.map(({ Id }) => Id)).toEqual(["a", "d"]);
  expect(Failed).toMatchObject([
    { Id: "b", Code: "InvalidMessageContents", SenderFault: true },
    { Id: "c", Code: "InvalidParameterValue", SenderFault: true },
  ]);
  expect(await drain(sqs)).toEqual(["good", "also good"]);
});

test("a batch that is empty, too long, too big or repeats an id is refused whole", async () => {
  const { sqs } = await running();
  const QueueUrl = await queueUrl(sqs);
  const batch = (count: number, body = "x", id = (index: number) => `id-${index}`) =>
    sqs.send(
      new SendMessageBatchCommand({
        QueueUrl,
        Entries: Array.from({ length: count }, (_, index) => ({ Id: id(index), MessageBody: body })),
      }),
    );
  await expect(batch(0)).rejects.toMatchObject({ name: "EmptyBatchRequest" });
  await expect(batch(11)).rejects.toMatchObject({ name: "TooManyEntriesInBatchRequest" });
  await expect(batch(6, "x".repeat(200_000))).rejects.toMatchObject({ name: "BatchRequestTooLong" });
  await expect(batch(2, "x", () => "same")).rejects.toMatchObject({ name: "BatchEntryIdsNotDistinct" });
  expect(await drain(sqs)).toEqual([]);
});

test("a received message is hidden for its timeout, and its count of receives grows", async () => {
  const { sqs } = await running();
  await send(sqs, "x");
  const [first] = await receive(sqs, { VisibilityTimeout: 1 });
  expect(first!.Attributes!.ApproximateReceiveCount).toBe("1");
  expect(await receive(sqs)).toEqual([]);
  // The poll wakes when the timeout is over, long before its own end.
  const started = performance.now();
  const [second] = await receive(sqs, { WaitTimeSeconds: 20 });
  expect(performance.now() - started).toBeLessThan(5000);
  expect(second!.Attributes!.ApproximateReceiveCount).toBe("2");
  expect(second!.Attributes!.ApproximateFirstReceiveTimestamp).toBe(
    first!.Attributes!.ApproximateFirstReceiveTimestamp,
  );
  expect(second!.ReceiptHandle).not.toBe(first!.ReceiptHandle);
});

test("visibility is changed one by one and in batches; an old handle is refused", async () => {
  const { sqs } = await running();
  const QueueUrl = await queueUrl(sqs);
  for (const body of ["a", "b"]) await send(sqs, body);
  const [a, b] = await receive(sqs);
  const change = (ReceiptHandle: string | undefined, VisibilityTimeout: number) =>
    sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));
  await change(a!.ReceiptHandle, 0);
  const [again] = await receive(sqs);
  expect(again).toMatchObject({ Body: "a", Attributes: { ApproximateReceiveCount: "2" } });
  await expect(change(a!.ReceiptHandle, 10)).rejects.toMatchObject({ name: "MessageNotInflight" });
  const Entries = [
    { Id: "new", ReceiptHandle: again!.ReceiptHandle, VisibilityTimeout: 0 },
    { Id: "old", ReceiptHandle: a!.ReceiptHandle, VisibilityTimeout: 0 },
    { Id: "b", ReceiptHandle: b!.ReceiptHandle, VisibilityTimeout: 0 },
  ];
  const { Successful, Failed } = await sqs.send(
    new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }),
  );
  expect(Successful!.map(({ Id }) => Id)).toEqual(["new", "b"]);
  expect(Failed!.map(({ Id }) => Id)).toEqual(["old"]);
  expect((await drain(sqs)).sort()).toEqual(["a", "b"]);
});

test("a message may be deleted after its timeout while nobody else has received it", async () => {
  const { sqs } = await running();
  await send(sqs, "x");
  const [message] = await receive(sqs, { VisibilityTimeout: 0 });
  await acknowledge(sqs, message!);
  expect(await receive(sqs)).toEqual([]);
  await send(sqs, "y");
  const [stale] = await receive(sqs, { VisibilityTimeout: 0 });
  await receive(sqs, { VisibilityTimeout: 0 });
  await acknowledge(sqs, stale!);
  expect(await receive(sqs)).toHaveLength(1);
});

test("messages are deleted in a batch", async () => {
  const { sqs } = await running();
  for (const body of ["a", "b", "c"]) await send(sqs, body);
  const messages = await receive(sqs);
  const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  const command = new DeleteMessageBatchCommand({ QueueUrl: await queueUrl(sqs), Entries });
  expect((await sqs.send(command)).Successful).toHaveLength(3);
  expect(await receive(sqs, { VisibilityTimeout: 0 })).toEqual([]);
});

test("a long poll wakes at once when a message is sent", async () => {
  const { sqs } = await running();
  await queueUrl(sqs);
  const latencies: number[] = [];
  for (let round = 0; round < 5; round++) {
    const poll = receive(sqs, { WaitTimeSeconds: 20 }).then((messages) => ({
      messages,
      at: performance.now(),
    }));
    await vi.waitFor(async () => expect(await receive(sqs)).toEqual([]));
    await send(sqs, String(round));
    const sentAt = performance.now();
    const { messages, at } = await poll;
    expect(messages[0]!.Body).toBe(String(round));
    latencies.push(at - sentAt);
    await acknowledge(sqs, messages[0]!);
  }
  expect(Math.min(...latencies)).toBeLessThan(50);
});

test("one message wakes one of several polls; the others wait on", async () => {
  const { sqs } = await running();
  const polls = Array.from({ length: 3 }, () =>
    receive(sqs, { WaitTimeSeconds: 20, MaxNumberOfMessages: 1 }),
  );
  for (const body of ["a", "b", "c"]) {
    await send(sqs, body);
    await Promise.race(polls);
  }
  const bodies = (await Promise.all(polls)).map((messages) => messages[0]?.Body);
  expect(bodies.sort()).toEqual(["a", "b", "c"]);
});

test("a poll whose caller hung up takes no message with it", async () => {
  const { sqs, url } = await running();
  const QueueUrl = await queueUrl(sqs);
  const poll = request(url, {
    method: "POST",
    headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.ReceiveMessage" },
  });
  poll.on("error", () => undefined);
  poll.end(JSON.stringify({ QueueUrl, WaitTimeSeconds: 20 }));
  await new Promise((resolve) => poll.once("finish", resolve));
  expect(await receive(sqs)).toEqual([]);
  poll.destroy();
  await send(sqs, "x");
  const [message] = await receive(sqs, { WaitTimeSeconds: 5 });
  expect(message).toMatchObject({ Body: "x", Attributes: { ApproximateReceiveCount: "1" } });
});

test("a delayed message shows after its delay and counts as delayed until then", async () => {
  const { sqs, queueDepths } = await running();
  const QueueUrl = await queueUrl(sqs);
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "later", DelaySeconds: 1 }));
  expect(await receive(sqs)).toEqual([]);
  expect(queueDepths()[0]).toEqual({ name: queue, visible: 0, inFlight: 0, delayed: 1 });
  const [message] = await receive(sqs, { WaitTimeSeconds: 20 });
  expect(message!.Body).toBe("later");
});

test("a message received too often goes to the dead-letter queue, as itself", async () => {
  const { sqs } = await running();
  await send(sqs, "poison");
  const seen = [];
  for (let count = 1; count <= 3; count++) seen.push(...(await receive(sqs, { VisibilityTimeout: 0 })));
  expect(seen.map(({ Attributes }) => Attributes!.ApproximateReceiveCount)).toEqual(["1", "2", "3"]);
  const poll = receive(sqs, { WaitTimeSeconds: 20 }, deadLetters);
  expect(await receive(sqs)).toEqual([]);
  const [dead] = await poll;
  expect(dead).toMatchObject({ Body: "poison", MessageId: seen[0]!.MessageId });
  expect(dead!.Attributes!.DeadLetterQueueSourceArn).toMatch(new RegExp(`:${queue}$`));
});

test("a dead message does not hold up those behind it", async () => {
  const { sqs } = await running();
  await send(sqs, "poison");
  for (let count = 1; count <= 3; count++) await receive(sqs, { VisibilityTimeout: 0 });
  await send(sqs, "good");
  expect((await receive(sqs)).map(({ Body }) => Body)).toEqual(["good"]);
  expect(await drain(sqs, deadLetters)).toEqual(["poison"]);
});

test("StartMessageMoveTask sends dead messages back to where they came from, as new ones", async () => {
  const { sqs } = await running();
  const arn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
  await send(sqs, "poison");
  for (let count = 1; count <= 4; count++) await receive(sqs, { VisibilityTimeout: 0 });
  await send(sqs, "by hand", deadLetters);
  const SourceArn = arn(deadLetters);
  const { TaskHandle } = await sqs.send(new StartMessageMoveTaskCommand({ SourceArn }));
  expect(TaskHandle).toBeTruthy();
  const messages = await receive(sqs, { WaitTimeSeconds: 5 });
  expect(messages.map(({ Body }) => Body).sort()).toEqual(["by hand", "poison"]);
  expect(messages.map(({ Attributes }) => Attributes!.ApproximateReceiveCount)).toEqual(["1", "1"]);
  expect(await drain(sqs, deadLetters)).toEqual([]);
  const { Results } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn }));
  expect(Results).toMatchObject([{ Status: "COMPLETED", SourceArn, ApproximateNumberOfMessagesMoved: 2 }]);
  const wrong = sqs.send(new StartMessageMoveTaskCommand({ SourceArn: arn(queue) }));
  await expect(wrong).rejects.toMatchObject({ name: "UnsupportedOperation" });
});

test("queues are made, found, described, tagged, purged and deleted", async () => {
  const { sqs, url } = await running();
  const Attributes = { VisibilityTimeout: "60", MaximumMessageSize: "2048" };
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "made", Attributes }));
  expect(QueueUrl).toBe(`${url}/000000000000/made`);
  expect((await sqs.send(new ListQueuesCommand({}))).QueueUrls).toHaveLength(3);
  expect((await sqs.send(new ListQueuesCommand({ QueueNamePrefix: "ma" }))).QueueUrls).toEqual([QueueUrl]);
  await sqs.send(new TagQueueCommand({ QueueUrl, Tags: { a: "b" } }));
  expect((await sqs.send(new ListQueueTagsCommand({ QueueUrl }))).Tags).toEqual({ a: "b" });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: "7" } }));
  for (const body of ["a", "b", "c"]) await send(sqs, body, "made");
  await receive(sqs, { MaxNumberOfMessages: 1 }, "made");
  const described = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
  expect(described.Attributes).toMatchObject({
    QueueArn: "arn:aws:sqs:us-east-1:000000000000:made",
    VisibilityTimeout: "7",
    MaximumMessageSize: "2048",
    ApproximateNumberOfMessages: "2",
    ApproximateNumberOfMessagesNotVisible: "1",
    ApproximateNumberOfMessagesDelayed: "0",
  });
  await sqs.send(new PurgeQueueCommand({ QueueUrl }));
  expect(await receive(sqs, {}, "made")).toEqual([]);
  await sqs.send(new DeleteQueueCommand({ QueueUrl }));
  const gone = sqs.send(new GetQueueUrlCommand({ QueueName: "made" }));
  await expect(gone).rejects.toMatchObject({ name: "QueueDoesNotExist" });
  const unknown = sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }));
  await expect(unknown).rejects.toMatchObject({ name: "QueueDoesNotExist" });
});

test("FIFO queues are refused by name", async () => {
  const { sqs } = await running();
  const command = new CreateQueueCommand({ QueueName: "a.fifo", Attributes: { FifoQueue: "true" } });
  await expect(sqs.send(command)).rejects.toMatchObject({ name: "InvalidParameterValue" });
});
