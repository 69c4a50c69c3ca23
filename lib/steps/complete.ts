import { AppError } from "../errors.ts";
import { type EntryChange, type Ledger, nextRun, type ReadEntry } from "../ledger/ledger.ts";
import type { Receipt, Receipts } from "../ledger/receipts.ts";
import { recordOf } from "./document-failure.ts";
import type { Gc } from "./gc.ts";

export type CompleteDeps = {
  readonly ledger: Ledger;
  readonly receipts: Receipts;
  readonly gc: Gc;
  /** ms since 1970 */
  readonly clock: () => number;
  /** Called, perhaps more than once, after a document became ready. */
  readonly onReady: () => Promise<void>;
};

const onlyLowQuality = ({ low, dropped }: Receipt): AppError =>
  new AppError(
    "ONLY_LOW_QUALITY",
    `all ${low + dropped} chunks were judged too poor to keep; see quality.threshold`,
  );

const outcome = (entry: ReadEntry, totals: Receipt, nowMs: number): EntryChange => {
  const counts: ReadEntry["counts"] = {
    expected: entry.counts.expected,
    stored: totals.stored,
    lowQuality: totals.low,
    // Those that parse dropped as copies were never in a batch.
    dropped: entry.counts.dropped + totals.dropped,
    ...(totals.images !== undefined && { images: totals.images }),
  };
  if (totals.stored > 0) return { ...entry, state: "ready", served: entry.run, counts, failure: null };
  return {
    ...entry,
    state: "failed",
    // Another run, so that the poor chunks and messages still under way are garbage.
    run: nextRun(entry, nowMs),
    plan: null,
    batches: 0,
    served: null,
    counts: { ...counts, lowQuality: 0, dropped: entry.counts.dropped + totals.low + totals.dropped },
    failure: recordOf("write", onlyLowQuality(totals), entry, entry.revision),
  };
};

const finish = async (deps: CompleteDeps, entry: ReadEntry): Promise<ReadEntry | null> => {
  const totals = await deps.receipts.totals(entry.documentId, entry.run);
  return deps.ledger.swap(entry.key, entry, outcome(entry, totals, deps.clock()));
};

/**
 * Ends a run whose receipts are all there: `ready` and served, then garbage is collected. Whoever comes second finds it
 * done and collects again, which heals a death between the two. Gives false when the ledger has moved to another run.
 */
export const completeRun = async (deps: CompleteDeps, key: string, run: number): Promise<boolean> => {
  for (;;) {
    const entry = await deps.ledger.read(key);
    if (entry === null || entry.run !== run) return false;
    const done = entry.state === "ready" ? entry : await finish(deps, entry);
    if (done === null) continue;
    await deps.gc(key);
    if (done.state === "ready") await deps.onReady();
    return true;
  }
};
