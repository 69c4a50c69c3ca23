import { ownAction } from "./actions.ts";
import { noSuchQueue } from "./fault.ts";
import type { MoveTasks } from "./move-tasks.ts";
import type { MessageAttributes, QueueStore } from "./queue-store.ts";

/** A message as SQS's JSON protocol has it: binary values are base64. */
export type WireMessage = {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly MD5OfBody: string;
  readonly Body: string;
  readonly Attributes: Readonly<Record<string, string>>;
  readonly MessageAttributes?: MessageAttributes;
};

/** A queue for a consumer in this process: what SQS would answer, without HTTP, signatures and their cost. */
export type QueueReader = {
  /** Up to 10; waits up to `waitSeconds` for the first. Gives nothing once aborted. */
  receive(max: number, waitSeconds: number, signal: AbortSignal): Promise<readonly WireMessage[]>;
  remove(receiptHandle: string): void;
  changeVisibility(receiptHandle: string, seconds: number): void;
};

/** @throws SqsFault when there is no such queue */
export const queueReader = (
  name: string,
  context: { readonly queues: QueueStore; readonly moveTasks: MoveTasks; readonly region: string },
): QueueReader => {
  const { queues } = context;
  if (queues.queue(name) === undefined) throw noSuchQueue();
  return {
    receive: async (max, waitSeconds, signal) => {
      if (queues.isClosed) throw new Error("the emulator is closed");
      const request = {
        QueueUrl: name,
        MaxNumberOfMessages: Math.min(10, max),
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ["All"],
        MessageAttributeNames: ["All"],
      };
      const answer = await ownAction("ReceiveMessage", request)?.(request, { ...context, signal });
      return (answer as { readonly Messages?: readonly WireMessage[] } | undefined)?.Messages ?? [];
    },
    remove: (handle) => void queues.remove(handle),
    changeVisibility: (handle, seconds) => {
      if (queues.isInFlight(handle)) queues.changeVisibility(handle, seconds * 1000);
    },
  };
};
