import type { Queue } from "../aws/queue.ts";
import { type EntryChange, type Ledger, nextRun, type ReadEntry } from "../ledger/ledger.ts";
import type { LookMessage } from "../messages.ts";

export type WakeDeps = {
  readonly ledger: Ledger;
  /** The ingest queue. */
  readonly queue: Queue<LookMessage>;
  /** Name of the document bucket. */
  readonly bucket: string;
  /** ms since 1970 */
  readonly clock: () => number;
};

const noCounts = { expected: 0, stored: 0, lowQuality: 0, dropped: 0 } as const;

/**
 * First the ledger (`pending`, a new run: whatever is under way becomes stale), then the queue. A death in between
 * leaves `pending`, which reconcile wakes again. Gives null, and sends nothing, when the entry is no longer `previous`.
 */
export const wake = async (
  { ledger, queue, bucket, clock }: WakeDeps,
  key: string,
  previous: ReadEntry | null,
): Promise<ReadEntry | null> => {
  const kept = previous ?? {
    revision: null,
    served: null,
    counts: noCounts,
    failure: null,
    source: null,
    fingerprint: null,
    embedding: null,
  };
  const change: EntryChange = {
    ...kept,
    state: "pending",
    run: nextRun(previous, clock()),
    plan: null,
    batches: 0,
  };
  const entry = await ledger.swap(key, previous, change);
  if (entry !== null) await queue.send([{ version: 1, bucket, key }]);
  return entry;
};
