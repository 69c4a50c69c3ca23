import type { Bucket } from "../aws/bucket.ts";
import type { ReadEntry } from "../ledger/ledger.ts";
import type { Receipts } from "../ledger/receipts.ts";
import type { Filter } from "../store/filter.ts";
import type { VectorStore } from "../store/store.ts";
import { isMendable } from "./document-failure.ts";
import { type Gc, garbageOf } from "./gc.ts";
import { noteWoken, type Pass, type WakeReason } from "./reconcile-pass.ts";
import { revisionOf } from "./revision.ts";
import { type WakeDeps, wake } from "./wake.ts";

export type EntryDeps = {
  readonly wake: WakeDeps;
  readonly documents: Pick<Bucket, "head" | "tags">;
  readonly receipts: Pick<Receipts, "newest">;
  readonly store: Pick<VectorStore, "count">;
  readonly gc: Gc;
  /** Physical collections of today's embedding; both exist. */
  readonly names: { readonly main: string; readonly low: string };
  readonly fingerprint: string;
  readonly stuckMs: number;
  readonly maxAttempts: number;
  /** ms since 1970 */
  readonly clock: () => number;
};

/** Swaps and enqueues, and notes it; somebody else's swap in between means that the document is not forgotten. */
export const wakeFor = async (
  deps: Pick<EntryDeps, "wake">,
  pass: Pass,
  key: string,
  entry: ReadEntry | null,
  reason: WakeReason,
): Promise<void> => {
  if ((await wake(deps.wake, key, entry)) !== null) noteWoken(pass, key, reason);
};

/** Progress is a change of the entry or a receipt of its run. */
const isStuck = async (deps: EntryDeps, entry: ReadEntry): Promise<boolean> => {
  const since = deps.clock() - deps.stuckMs;
  if (entry.updatedAt > since) return false;
  const newest = await deps.receipts.newest(entry.documentId, entry.run);
  return newest === null || newest <= since;
};

const worthAnotherRun = ({ failure }: ReadEntry, maxAttempts: number): boolean =>
  failure === null || (isMendable(failure.code) && failure.attempts < maxAttempts);

/** Compares an entry with its object. The object's revision is computed as it was then: another fingerprint is no change. */
const againstObject = async (deps: EntryDeps, entry: ReadEntry): Promise<WakeReason | null> => {
  const head = await deps.documents.head(entry.key);
  const tags = head === null ? null : await deps.documents.tags(entry.key);
  if (head === null || tags === null) return "gone";
  const inFlight = entry.state === "pending" || entry.state === "processing";
  if (entry.state !== "pending" && revisionOf(head, tags, entry.fingerprint) !== entry.revision)
    return "changed";
  if (inFlight) return (await isStuck(deps, entry)) ? "stuck" : null;
  return entry.state === "failed" && worthAnotherRun(entry, deps.maxAttempts) ? "failed" : null;
};

const ofDocument = ({ documentId }: ReadEntry): Filter => ({
  field: "documentId",
  op: "eq",
  value: documentId,
});
const ofServed = (entry: ReadEntry): Filter => ({
  and: [ofDocument(entry), { field: "run", op: "eq", value: entry.served ?? 0 }],
});

type Counts = { readonly main: number; readonly low: number };
const countBoth = async ({ store, names }: EntryDeps, filter: Filter): Promise<Counts> => ({
  main: await store.count(names.main, filter),
  low: await store.count(names.low, filter),
});

/** Whole in today's collections? Of a run that is being replaced the counts are no longer known: any rows will do. */
const isServedHere = (entry: ReadEntry, { main, low }: Counts): boolean => {
  if (entry.served === null) return true;
  if (entry.state === "ready") return main === entry.counts.stored && low === entry.counts.lowQuality;
  return main > 0;
};

/** Compares an entry with the index; collects garbage. Gives a reason to wake, or null. */
const againstIndex = async (deps: EntryDeps, pass: Pass, entry: ReadEntry): Promise<WakeReason | null> => {
  const total = await countBoth(deps, ofDocument(entry));
  pass.known.main += total.main;
  pass.known.low += total.low;
  const served = entry.served === null ? { main: 0, low: 0 } : await countBoth(deps, ofServed(entry));
  const here = isServedHere(entry, served);
  if (!here) pass.report.waiting += 1;
  const others = total.main + total.low - served.main - served.low;
  if (others > 0) {
    const garbage = await countBoth(deps, garbageOf(entry));
    if (garbage.main + garbage.low > 0) pass.report.collectedRows += await deps.gc(entry.key);
  }
  return !here && entry.state === "ready" && entry.fingerprint === deps.fingerprint ? "incomplete" : null;
};

/** One ledger entry against bucket and index. */
export const reconcileEntry = async (deps: EntryDeps, pass: Pass, entry: ReadEntry): Promise<void> => {
  pass.report.entries += 1;
  const deleted = entry.state === "deleted";
  if (!deleted && entry.state !== "pending" && entry.fingerprint !== deps.fingerprint)
    pass.report.outdated += 1;
  const byIndex = await againstIndex(deps, pass, entry);
  const reason = deleted ? null : ((await againstObject(deps, entry)) ?? byIndex);
  if (reason !== null) await wakeFor(deps, pass, entry.key, entry, reason);
};
