import type { Bucket } from "../aws/bucket.ts";
import type { ReadEntry } from "../ledger/ledger.ts";
import type { Receipts } from "../ledger/receipts.ts";
import type { Filter } from "../store/filter.ts";
import type { VectorStore } from "../store/store.ts";
import { isMendable } from "./document-failure.ts";
import { type Gc, garbageOf } from "./gc.ts";
import { noteWoken, type Pass, type WakeReason } from "./reconcile-pass.ts";
import { revisionAt } from "./revision.ts";
import { type WakeDeps, wake } from "./wake.ts";

export type ReconciledNames = {
  readonly main: string;
  readonly low: string;
  /** Null: there is no image model, and pictures are left as they are. */
  readonly images: string | null;
  /** Where search finds pictures until the alias moves; null when that is `images`, or there are none. */
  readonly olderImages: string | null;
};

export type EntryDeps = {
  readonly wake: WakeDeps;
  readonly documents: Pick<Bucket, "head" | "tags">;
  readonly receipts: Pick<Receipts, "newest">;
  readonly store: Pick<VectorStore, "count">;
  readonly gc: Gc;
  /** Physical collections of today's models; all exist. */
  readonly names: ReconciledNames;
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
  const revision = await revisionAt(deps.documents, entry.key, entry.fingerprint);
  if (revision === null) return "gone";
  const inFlight = entry.state === "pending" || entry.state === "processing";
  if (entry.state !== "pending" && revision !== entry.revision) return "changed";
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

type Counts = { readonly main: number; readonly low: number; readonly images: number };
const nothing: Counts = { main: 0, low: 0, images: 0 };
const sumOf = ({ main, low, images }: Counts): number => main + low + images;

const countAll = async ({ store, names }: EntryDeps, filter: Filter): Promise<Counts> => ({
  main: await store.count(names.main, filter),
  low: await store.count(names.low, filter),
  images: names.images === null ? 0 : await store.count(names.images, filter),
});

/** Are the pictures of the served run where today's image model has them? Without one nobody asks. */
const arePicturesHere = async (deps: EntryDeps, entry: ReadEntry, images: number): Promise<boolean> => {
  const { images: today, olderImages } = deps.names;
  if (today === null) return true;
  if (entry.state === "ready") return images === (entry.counts.images ?? 0);
  return images > 0 || olderImages === null || (await deps.store.count(olderImages, ofServed(entry))) === 0;
};

/** Whole in today's collections? Of a run that is being replaced the counts are no longer known: any rows will do. */
const isServedHere = async (deps: EntryDeps, entry: ReadEntry, found: Counts): Promise<boolean> => {
  if (entry.served === null) return true;
  const { stored, lowQuality, images = 0 } = entry.counts;
  const texts =
    entry.state === "ready" ? found.main === stored - images && found.low === lowQuality : found.main > 0;
  return texts && (await arePicturesHere(deps, entry, found.images));
};

/** Compares an entry with the index; collects garbage. Gives a reason to wake, or null. */
const againstIndex = async (deps: EntryDeps, pass: Pass, entry: ReadEntry): Promise<WakeReason | null> => {
  const total = await countAll(deps, ofDocument(entry));
  pass.known.main += total.main;
  pass.known.low += total.low;
  pass.known.images += total.images;
  const served = entry.served === null ? nothing : await countAll(deps, ofServed(entry));
  const here = await isServedHere(deps, entry, served);
  if (!here) pass.report.waiting += 1;
  if (sumOf(total) > sumOf(served)) {
    const garbage = await countAll(deps, garbageOf(entry));
    if (sumOf(garbage) > 0) pass.report.collectedRows += await deps.gc(entry.key);
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
