import { createHash, randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { ActivityFeed } from "../activity.ts";
import { all, one, transaction } from "../database.ts";
import { defaultAttributes, type Queue, redriveOf } from "./queue.ts";
import {
  type MessageRow,
  type QueueRow,
  type QueueStatements,
  queueFromRow,
  queueStatements,
} from "./queue-rows.ts";
import { Waiters } from "./waiters.ts";

export type MessageAttributes = Readonly<
  Record<string, { DataType: string; StringValue?: string | undefined; BinaryValue?: string | undefined }>
>;

export type Delivery = {
  readonly id: string;
  readonly handle: string;
  readonly body: string;
  readonly bodyMd5: string;
  readonly attributes: MessageAttributes;
  readonly sentAt: number;
  readonly receives: number;
  readonly firstReceivedAt: number;
  /** The queue whose redrive policy brought it here. */
  readonly origin: string | null;
};

export type QueueDepth = {
  readonly name: string;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
};

/**
 * The queues and their messages, all in the database: what is answered is durable, and bodies take no memory.
 * Times are ms since 1970. A message is in flight while it has a handle and is not visible yet.
 */
export class QueueStore {
  readonly #database: DatabaseSync;
  readonly #statements: QueueStatements;
  readonly #queues = new Map<string, Queue>();
  readonly #waiters = new Waiters();
  readonly #tell: ActivityFeed["tell"];

  /** Everything that was in flight becomes visible: its consumers died with the process before this one. */
  constructor(database: DatabaseSync, feed: ActivityFeed) {
    this.#database = database;
    this.#statements = queueStatements(database);
    this.#tell = feed.tell;
    this.#statements.showAll.run(Date.now());
    for (const row of all<QueueRow>(this.#statements.queues)) this.#queues.set(row.name, queueFromRow(row));
  }

  queue(name: string): Queue | undefined {
    return this.#queues.get(name);
  }

  /** In order of their names. */
  list(): readonly Queue[] {
    return [...this.#queues.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Creates the queue, or sets the given attributes of the one that exists. */
  save(name: string, attributes: Readonly<Record<string, string>>, tags?: Readonly<Record<string, string>>) {
    const previous = this.#queues.get(name);
    const now = Date.now();
    const queue: Queue = {
      name,
      attributes: { ...(previous?.attributes ?? defaultAttributes), ...attributes },
      tags: tags ?? previous?.tags ?? {},
      createdAt: previous?.createdAt ?? now,
      modifiedAt: now,
    };
    // As in SQS an empty policy is none.
    if (queue.attributes.RedrivePolicy === "") delete queue.attributes.RedrivePolicy;
    this.#statements.putQueue.run(
      name,
      JSON.stringify(queue.attributes),
      JSON.stringify(queue.tags),
      queue.createdAt,
      now,
    );
    this.#queues.set(name, queue);
    return queue;
  }

  drop(name: string): boolean {
    this.#statements.dropQueue.run(name);
    this.#waiters.wake(name);
    return this.#queues.delete(name);
  }

  /**
   * Writes a message; inside a transaction of the caller's where there is one. Nobody is woken: call {@link announce}
   * after the commit.
   */
  insert(queue: string, body: string, attributes: MessageAttributes = {}, delayMs = 0) {
    const now = Date.now();
    const id = randomUUID();
    const bodyMd5 = createHash("md5").update(body).digest("hex");
    const { lastInsertRowid } = this.#statements.send.run(
      id,
      queue,
      bodyMd5,
      JSON.stringify(attributes),
      now,
      now + delayMs,
    );
    this.#statements.sendBody.run(lastInsertRowid, body);
    return { id, bodyMd5 };
  }

  announce(queue: string): void {
    this.#waiters.wake(queue);
    this.#tell({ kind: "message-sent", queue });
  }

  send(queue: string, body: string, attributes?: MessageAttributes, delayMs?: number) {
    const sent = transaction(this.#database, () => this.insert(queue, body, attributes, delayMs));
    this.announce(queue);
    return sent;
  }

  /** Up to `max` visible messages, hidden for `visibilityMs` from now; those received too often go to the DLQ. */
  receive(queue: Queue, max: number, visibilityMs: number): Delivery[] {
    const now = Date.now();
    if (one(this.#statements.visible, queue.name, now, 1) === undefined) return [];
    const redrive = redriveOf(queue);
    const buried: string[] = [];
    const deliveries = transaction(this.#database, () => {
      const taken: Delivery[] = [];
      for (let again = true; again && taken.length < max; ) {
        again = false;
        const rows = all<MessageRow>(this.#statements.visible, queue.name, now, max - taken.length);
        for (const row of rows) {
          const isDead = redrive && this.#queues.has(redrive.dlq) && row.receives >= redrive.maxReceiveCount;
          if (isDead) {
            this.#relocate(row, redrive.dlq, row.queue, row);
            buried.push(redrive.dlq);
            again = true;
          } else taken.push(this.#take(row, now, visibilityMs));
        }
      }
      return taken;
    });
    for (const dlq of buried) {
      this.#waiters.wake(dlq);
      this.#tell({ kind: "message-dead", queue: queue.name });
    }
    return deliveries;
  }

  #take(row: MessageRow, now: number, visibilityMs: number): Delivery {
    const handle = randomUUID();
    const receives = row.receives + 1;
    const firstReceivedAt = row.first_received_at ?? now;
    this.#statements.take.run(handle, now + visibilityMs, receives, firstReceivedAt, row.sequence);
    return {
      id: row.id,
      handle,
      body: one<{ body: string }>(this.#statements.body, row.sequence)?.body ?? "",
      bodyMd5: row.body_md5,
      attributes: JSON.parse(row.attributes) as MessageAttributes,
      sentAt: row.sent_at,
      receives,
      firstReceivedAt,
      origin: row.origin,
    };
  }

  #relocate(
    row: MessageRow,
    queue: string,
    origin: string | null,
    keep: Pick<MessageRow, "id" | "sent_at" | "receives" | "first_received_at">,
  ) {
    const { move } = this.#statements;
    move.run(
      keep.id,
      queue,
      origin,
      keep.sent_at,
      Date.now(),
      keep.receives,
      keep.first_received_at,
      row.sequence,
    );
  }

  /** Resolves when something may have become visible in the queue, at `deadline`, or when `signal` fires. */
  wait(queue: string, deadline: number, signal: AbortSignal): Promise<void> {
    const next = one<{ at: number }>(this.#statements.nextVisible, queue)?.at ?? deadline;
    return this.#waiters.wait(queue, Math.min(next, deadline) - Date.now(), signal);
  }

  /** True until its time is up, it is deleted or received again. */
  isInFlight(handle: string): boolean {
    const row = one<MessageRow>(this.#statements.byHandle, handle);
    return row !== undefined && row.visible_at > Date.now();
  }

  changeVisibility(handle: string, ms: number): void {
    const row = one<MessageRow>(this.#statements.byHandle, handle);
    if (row === undefined) return;
    this.#statements.show.run(Date.now() + ms, handle);
    this.#waiters.wake(row.queue);
  }

  /** Takes back a delivery that never reached its consumer, as if it had not happened. */
  giveBack(queue: string, handles: readonly string[]): void {
    // Connections end after the rest when the emulator closes; the next start shows these messages anyway.
    if (!this.#database.isOpen) return;
    transaction(this.#database, () => {
      for (const handle of handles) this.#statements.giveBack.run(Date.now(), handle);
    });
    this.#waiters.wake(queue);
  }

  /** A handle serves until its message is received again, even when its visibility timeout is over. */
  remove(handle: string): boolean {
    const row = one<MessageRow>(this.#statements.byHandle, handle);
    if (row === undefined) return false;
    this.#statements.remove.run(row.sequence);
    this.#tell({ kind: "message-deleted", queue: row.queue });
    return true;
  }

  purge(queue: string): void {
    this.#statements.purge.run(queue);
    this.#tell({ kind: "message-deleted", queue });
  }

  /**
   * Sends the visible messages of a dead-letter queue to `target(origin)` as new ones: fresh id, no receives.
   * @returns how many were moved; those without a target stay
   */
  redrive(source: string, target: (origin: string | null) => string | undefined): number {
    const now = Date.now();
    const targets = new Map<string, number>();
    transaction(this.#database, () => {
      for (const row of all<MessageRow>(this.#statements.visible, source, now, -1)) {
        const queue = target(row.origin);
        if (queue === undefined) continue;
        const fresh = { id: randomUUID(), sent_at: now, receives: 0, first_received_at: null };
        this.#relocate(row, queue, null, fresh);
        targets.set(queue, (targets.get(queue) ?? 0) + 1);
      }
    });
    for (const queue of targets.keys()) this.announce(queue);
    return [...targets.values()].reduce((sum, count) => sum + count, 0);
  }

  depth(name: string): QueueDepth {
    const now = Date.now();
    const visible = one<{ n: number }>(this.#statements.countVisible, name, now)?.n ?? 0;
    const hidden = one<{ n: number; held: number }>(this.#statements.countHidden, name, now);
    const inFlight = hidden?.held ?? 0;
    return { name, visible, inFlight, delayed: (hidden?.n ?? 0) - inFlight };
  }

  /** Drops what is older than its queue's retention. */
  expire(): void {
    for (const { name, attributes } of this.#queues.values())
      this.#statements.expire.run(name, Date.now() - Number(attributes.MessageRetentionPeriod) * 1000);
  }

  get isClosed(): boolean {
    return this.#waiters.isClosed;
  }

  /** Ends all long polls: nobody should wait any more. */
  shutdown(): void {
    this.#waiters.shutdown();
  }
}
