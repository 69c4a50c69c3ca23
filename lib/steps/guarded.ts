import { describeFailure } from "../errors.ts";
import { type Ledger, nextRun, type ReadEntry } from "../ledger/ledger.ts";
import type { Delivery } from "./delivery.ts";
import { crash, isDocumentFailure, recordOf } from "./document-failure.ts";
import type { Gc } from "./gc.ts";

export type GuardDeps = {
  readonly ledger: Ledger;
  readonly gc: Gc;
  /** ms since 1970 */
  readonly clock: () => number;
};
type Stage = "embed" | "cluster" | "write";

/** Writes `failed: CRASHED`, the run unchanged, unless the run is not in progress any more; gives the entry written. */
const markCrashed = async (
  { ledger }: GuardDeps,
  stage: Stage,
  entry: ReadEntry,
): Promise<ReadEntry | null> => {
  let current: ReadEntry | null = entry;
  while (current !== null && current.run === entry.run && current.state === "processing") {
    const failure = recordOf(stage, crash(stage), current, current.revision);
    const marked = await ledger.swap(entry.key, current, { ...current, state: "failed", failure });
    if (marked !== null) return marked;
    current = await ledger.read(entry.key);
  }
  return null;
};

/**
 * Fails a run for good: the ledger moves to the next run, so that rows already written and messages still under way are
 * garbage. `served`: does the old revision stay?
 */
export const failRun = async (
  { ledger, gc, clock }: GuardDeps,
  { key, run }: { readonly key: string; readonly run: number },
  stage: Stage,
  error: unknown,
  served: "keep" | "drop",
): Promise<void> => {
  for (;;) {
    const entry = await ledger.read(key);
    if (entry === null || entry.run !== run || entry.state === "ready") return;
    const failed = await ledger.swap(key, entry, {
      ...entry,
      state: "failed",
      run: nextRun(entry, clock()),
      plan: null,
      batches: 0,
      served: served === "keep" ? entry.served : null,
      failure: recordOf(stage, error, entry, entry.revision),
    });
    if (failed !== null) break;
  }
  await gc(key);
};

/**
 * Runs one batch's work. In the last delivery `failed: CRASHED` is on the ledger before the work begins, is replaced by
 * the true reason if the work fails, and is taken back if it succeeds and nobody changed the entry since. A failed run
 * is not over: a redriven message may still complete it.
 */
export const guarded = async (
  deps: GuardDeps,
  stage: Stage,
  entry: ReadEntry,
  delivery: Delivery,
  work: () => Promise<void>,
): Promise<void> => {
  delivery.signal.throwIfAborted();
  const marked = delivery.lastReceive ? await markCrashed(deps, stage, entry) : null;
  try {
    await work();
  } catch (error) {
    if (isDocumentFailure(error)) return failRun(deps, entry, stage, error, "drop");
    if (marked !== null) await explain(deps, marked, error);
    throw error;
  }
  if (marked !== null)
    await deps.ledger.swap(entry.key, marked, { ...marked, state: "processing", failure: entry.failure });
};

/** Replaces `CRASHED` by what was thrown; without success the mark says enough. */
export const explain = async (
  { ledger }: Pick<GuardDeps, "ledger">,
  marked: ReadEntry,
  error: unknown,
): Promise<void> => {
  const { failure } = marked;
  if (failure === null) return;
  const { code, message } = describeFailure(error);
  await ledger
    .swap(marked.key, marked, { ...marked, failure: { ...failure, code, message: message.slice(0, 1_000) } })
    .catch(() => null);
};
