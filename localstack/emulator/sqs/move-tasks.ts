import { randomUUID } from "node:crypto";
import { z } from "zod";
import { noSuchQueue, parse, SqsFault } from "./fault.ts";
import { queueNameOf, redriveOf } from "./queue.ts";
import type { QueueStore } from "./queue-store.ts";

const startRequest = z.object({ SourceArn: z.string(), DestinationArn: z.string().optional() });
const listRequest = z.object({ SourceArn: z.string(), MaxResults: z.int().min(1).max(10).default(1) });

type MoveTask = {
  readonly TaskHandle: string;
  readonly Status: "COMPLETED";
  readonly SourceArn: string;
  readonly DestinationArn?: string;
  readonly ApproximateNumberOfMessagesMoved: number;
  readonly ApproximateNumberOfMessagesToMove: number;
  readonly StartedTimestamp: number;
};

/** StartMessageMoveTask: sends a dead-letter queue's messages back. A task is over when its start is answered. */
export class MoveTasks {
  readonly #queues: QueueStore;
  readonly #tasks: MoveTask[] = [];

  constructor(queues: QueueStore) {
    this.#queues = queues;
  }

  /** Messages sent to the DLQ by hand have no origin: they go to the one queue that redrives here, if it is one. */
  start(body: unknown): { TaskHandle: string } {
    const { SourceArn, DestinationArn } = parse(startRequest, body);
    const source = queueNameOf(SourceArn);
    if (!this.#queues.queue(source)) throw noSuchQueue();
    const feeders = this.#queues.list().filter((queue) => redriveOf(queue)?.dlq === source);
    if (feeders.length === 0)
      throw new SqsFault("UnsupportedOperation", `${source} is not the dead-letter queue of any queue.`);
    const destination = DestinationArn === undefined ? undefined : queueNameOf(DestinationArn);
    if (destination !== undefined && !this.#queues.queue(destination)) throw noSuchQueue();
    const fallback = feeders.length === 1 ? feeders[0]?.name : undefined;
    const waiting = this.#queues.depth(source).visible;
    const moved = this.#queues.redrive(source, (origin) => {
      const target = destination ?? origin ?? fallback;
      return target !== undefined && this.#queues.queue(target) ? target : undefined;
    });
    const task: MoveTask = {
      TaskHandle: Buffer.from(randomUUID()).toString("base64"),
      Status: "COMPLETED",
      SourceArn,
      ...(DestinationArn === undefined ? {} : { DestinationArn }),
      ApproximateNumberOfMessagesMoved: moved,
      ApproximateNumberOfMessagesToMove: waiting,
      StartedTimestamp: Date.now(),
    };
    this.#tasks.unshift(task);
    return { TaskHandle: task.TaskHandle };
  }

  /** The newest first, of this process. */
  list(body: unknown): { Results: readonly Omit<MoveTask, "TaskHandle">[] } {
    const { SourceArn, MaxResults } = parse(listRequest, body);
    const matching = this.#tasks.filter((task) => task.SourceArn === SourceArn).slice(0, MaxResults);
    // As in SQS, only a running task shows its handle.
    return { Results: matching.map(({ TaskHandle: _, ...task }) => task) };
  }
}
