import { z } from "zod";
import { noSuchQueue, parse, SqsFault } from "./fault.ts";
import { attributesMd5, messageAttributes, messageSize, refusal } from "./message.ts";
import type { MoveTasks } from "./move-tasks.ts";
import { type Queue, queueArn, queueNameOf } from "./queue.ts";
import type { Delivery, MessageAttributes, QueueStore } from "./queue-store.ts";

export type ActionContext = {
  readonly queues: QueueStore;
  readonly moveTasks: MoveTasks;
  readonly region: string;
  /** Fires when the caller has hung up. */
  readonly signal: AbortSignal;
};

type Action = (body: unknown, context: ActionContext) => object | Promise<object>;

const queueOf = ({ queues }: ActionContext, url: string): Queue => {
  const queue = queues.queue(queueNameOf(url));
  if (!queue) throw noSuchQueue();
  return queue;
};

const entry = z.object({
  MessageBody: z.string().default(""),
  MessageAttributes: messageAttributes,
  DelaySeconds: z.int().min(0).max(900).optional(),
});

const post = (
  { queues }: ActionContext,
  queue: Queue,
  { MessageBody, MessageAttributes, DelaySeconds }: z.infer<typeof entry>,
) => {
  const delaySeconds = DelaySeconds ?? Number(queue.attributes.DelaySeconds);
  const { id, bodyMd5 } = queues.send(queue.name, MessageBody, MessageAttributes, delaySeconds * 1000);
  const digest = attributesMd5(MessageAttributes);
  return {
    MessageId: id,
    MD5OfMessageBody: bodyMd5,
    ...(digest ? { MD5OfMessageAttributes: digest } : {}),
  };
};

const maxBytes = (queue: Queue): number => Number(queue.attributes.MaximumMessageSize);

const sendMessage: Action = (body, context) => {
  const request = parse(entry.extend({ QueueUrl: z.string() }), body);
  const queue = queueOf(context, request.QueueUrl);
  const refused = refusal(request.MessageBody, request.MessageAttributes, maxBytes(queue));
  if (refused) throw new SqsFault(refused.code, refused.message);
  return post(context, queue, request);
};

/** SQS's bound on the whole of a batch. */
const maxBatchBytes = 1_048_576;

const checkBatch = (entries: readonly (z.infer<typeof entry> & { Id: string })[]): void => {
  if (entries.length === 0)
    throw new SqsFault("EmptyBatchRequest", "The batch request doesn't contain any entries.");
  if (entries.length > 10)
    throw new SqsFault("TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10.");
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length)
    throw new SqsFault(
      "BatchEntryIdsNotDistinct",
      "Two or more batch entries in the request have the same Id.",
    );
  const total = entries.reduce((sum, item) => sum + messageSize(item.MessageBody, item.MessageAttributes), 0);
  if (total > maxBatchBytes)
    throw new SqsFault(
      "BatchRequestTooLong",
      `Batch requests cannot be longer than ${maxBatchBytes} bytes. You have sent ${total} bytes.`,
    );
};

const batch = z.object({
  QueueUrl: z.string(),
  Entries: z.array(entry.extend({ Id: z.string().regex(/^[\w-]{1,80}$/) })).default([]),
});

const sendMessageBatch: Action = (body, context) => {
  const { QueueUrl, Entries } = parse(batch, body);
  const queue = queueOf(context, QueueUrl);
  checkBatch(Entries);
  const successful: object[] = [];
  const failed: object[] = [];
  for (const item of Entries) {
    const refused = refusal(item.MessageBody, item.MessageAttributes, maxBytes(queue));
    if (refused)
      failed.push({ Id: item.Id, SenderFault: true, Code: refused.code, Message: refused.message });
    else successful.push({ Id: item.Id, ...post(context, queue, item) });
  }
  return { Successful: successful, Failed: failed };
};

const names = z.array(z.string()).default([]);
const receiveRequest = z.object({
  QueueUrl: z.string(),
  MaxNumberOfMessages: z.int().min(1).max(10).default(1),
  VisibilityTimeout: z.int().min(0).max(43_200).optional(),
  WaitTimeSeconds: z.int().min(0).max(20).optional(),
  AttributeNames: names,
  MessageSystemAttributeNames: names,
  MessageAttributeNames: names,
});

const systemAttributes = (delivery: Delivery, wanted: readonly string[], region: string) => {
  const every: Record<string, string> = {
    SenderId: "AIDALOCAL",
    SentTimestamp: String(delivery.sentAt),
    ApproximateReceiveCount: String(delivery.receives),
    ApproximateFirstReceiveTimestamp: String(delivery.firstReceivedAt),
    ...(delivery.origin ? { DeadLetterQueueSourceArn: queueArn(region, delivery.origin) } : {}),
  };
  const given = Object.entries(every).filter(([name]) => wanted.includes("All") || wanted.includes(name));
  return given.length > 0 ? { Attributes: Object.fromEntries(given) } : {};
};

/** As in SQS, attributes come only when they are asked for: by name, by `prefix.*`, or all of them. */
const ownAttributes = (attributes: MessageAttributes, wanted: readonly string[]) => {
  const isWanted = (name: string): boolean =>
    wanted.some(
      (want) =>
        want === "All" ||
        want === ".*" ||
        want === name ||
        (want.endsWith(".*") && name.startsWith(want.slice(0, -1))),
    );
  const given = Object.fromEntries(Object.entries(attributes).filter(([name]) => isWanted(name)));
  const digest = attributesMd5(given);
  return digest ? { MessageAttributes: given, MD5OfMessageAttributes: digest } : {};
};

const receiveMessage: Action = async (body, context) => {
  const request = parse(receiveRequest, body);
  const { queues, signal, region } = context;
  const queue = queueOf(context, request.QueueUrl);
  const waitSeconds = request.WaitTimeSeconds ?? Number(queue.attributes.ReceiveMessageWaitTimeSeconds);
  const visibilitySeconds = request.VisibilityTimeout ?? Number(queue.attributes.VisibilityTimeout);
  const deadline = Date.now() + waitSeconds * 1000;
  const receive = (): Delivery[] =>
    queues.receive(queue, request.MaxNumberOfMessages, visibilitySeconds * 1000);
  let deliveries = receive();
  // A caller that has hung up must not take messages with it.
  const isOver = (): boolean => Date.now() >= deadline || signal.aborted || queues.isClosed;
  while (deliveries.length === 0 && !isOver()) {
    await queues.wait(queue.name, deadline, signal);
    if (!signal.aborted && !queues.isClosed) deliveries = receive();
  }
  const wanted = [...request.AttributeNames, ...request.MessageSystemAttributeNames];
  const messages = deliveries.map((delivery) => ({
    MessageId: delivery.id,
    ReceiptHandle: delivery.handle,
    MD5OfBody: delivery.bodyMd5,
    Body: delivery.body,
    ...systemAttributes(delivery, wanted, region),
    ...ownAttributes(delivery.attributes, request.MessageAttributeNames),
  }));
  return messages.length > 0 ? { Messages: messages } : {};
};

const refuseFifo: Action = (body) => {
  throw new SqsFault(
    "InvalidParameterValue",
    `FIFO queues are not emulated: ${parse(z.object({ QueueName: z.string() }), body).QueueName}`,
  );
};

const fifo = z.object({ QueueName: z.string().endsWith(".fifo") });

const actions: Readonly<Record<string, Action>> = {
  SendMessage: sendMessage,
  SendMessageBatch: sendMessageBatch,
  ReceiveMessage: receiveMessage,
  StartMessageMoveTask: (body, { moveTasks }) => moveTasks.start(body),
  ListMessageMoveTasks: (body, { moveTasks }) => moveTasks.list(body),
  CancelMessageMoveTask: () => {
    throw new SqsFault(
      "ResourceNotFoundException",
      "Tasks end as soon as they are started; none is running.",
    );
  },
};

/** The action where fauxqs has none or its own would lose or refuse messages; undefined where fauxqs's serves. */
export const ownAction = (name: string, body: unknown): Action | undefined =>
  name === "CreateQueue" && fifo.safeParse(body).success ? refuseFifo : actions[name];
