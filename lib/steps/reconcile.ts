import type { Bucket } from "../aws/bucket.ts";
import type { Queue } from "../aws/queue.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Receipts } from "../ledger/receipts.ts";
import { mapConcurrent } from "../map-concurrent.ts";
import type { LookMessage } from "../messages.ts";
import type { CollectionSpec, VectorStore } from "../store/store.ts";
import {
  aliasNames,
  type Embedding,
  ensureCollections,
  ensureImages,
  holdsImages,
  holdsTexts,
} from "./collections.ts";
import type { Gc } from "./gc.ts";
import { type EntryDeps, type ReconciledNames, reconcileEntry, wakeFor } from "./reconcile-entry.ts";
import {
  endPass,
  loadPass,
  noteUnknown,
  type Pass,
  type ReconcileReport,
  savePass,
} from "./reconcile-pass.ts";

export type ReconcileDeps = {
  readonly documents: Bucket;
  readonly state: Bucket;
  readonly ledger: Ledger;
  readonly receipts: Receipts;
  readonly store: VectorStore;
  /** The ingest queue. */
  readonly queue: Queue<LookMessage>;
  readonly gc: Gc;
  /** Base name of the collections. */
  readonly collection: string;
  readonly embedding: Embedding;
  /** Of pictures; null: there is no image model. */
  readonly images: Embedding | null;
  readonly fingerprint: string;
  readonly stuckMinutes: number;
  readonly maxAttempts: number;
  /** ms since 1970 */
  readonly clock: () => number;
  /** Items of a page; tests take small ones. */
  readonly pageSize?: number;
};

type Context = { readonly deps: ReconcileDeps; readonly entryDeps: EntryDeps; readonly pass: Pass };
/** One page of a phase; gives where the next begins, or null at the phase's end. */
type PageOf = (
  context: Context,
  at: { readonly cursor?: string; readonly limit: number },
) => Promise<string | null>;

const concurrency = 8;
const defaultPageSize = 100;

const bucketPage: PageOf = async ({ deps, entryDeps, pass }, at) => {
  const { objects, cursor } = await deps.documents.list({ prefix: "", ...at });
  await mapConcurrent(objects, concurrency, async ({ key }) => {
    pass.report.objects += 1;
    const entry = await deps.ledger.read(key);
    if (entry === null) await wakeFor(entryDeps, pass, key, null, "missing");
    else if (entry.state === "deleted") await wakeFor(entryDeps, pass, key, entry, "reappeared");
  });
  return cursor ?? null;
};

const ledgerPage: PageOf = async ({ deps, entryDeps, pass }, at) => {
  const { entries, cursor } = await deps.ledger.list({ prefix: "", ...at });
  await mapConcurrent(entries, concurrency, (entry) => reconcileEntry(entryDeps, pass, entry));
  return cursor ?? null;
};

/** Only where the collection holds more rows than the known documents account for. */
const unknownPage =
  (part: "main" | "low" | "images"): PageOf =>
  async ({ deps, entryDeps, pass }, at) => {
    const name = entryDeps.names[part];
    if (name === null) return null;
    if (at.cursor === undefined && (await deps.store.count(name)) <= pass.known[part]) return null;
    const { rows, cursor } = await deps.store.scan(name, at);
    const ids = [...new Set(rows.map(({ documentId }) => documentId))];
    const found = await mapConcurrent(ids, concurrency, async (id) => (await deps.ledger.find(id)) !== null);
    const unknown = new Set(ids.filter((_, index) => found[index] === false));
    for (const { documentId } of rows) if (unknown.has(documentId)) noteUnknown(pass, documentId);
    return cursor ?? null;
  };

const phases = {
  bucket: { page: bucketPage, next: "ledger" },
  ledger: { page: ledgerPage, next: "main" },
  main: { page: unknownPage("main"), next: "low" },
  low: { page: unknownPage("low"), next: "images" },
  images: { page: unknownPage("images"), next: "end" },
} as const satisfies Record<string, { page: PageOf; next: Pass["phase"] }>;

/**
 * Does nobody read the collection once the aliases have moved? Without an image model pictures stay for the day when there
 * is one again, until no document has any: a function that was deployed without the model must not lose them all.
 */
const isLeft = async (
  { store, collection, embedding, images }: ReconcileDeps,
  spec: CollectionSpec,
): Promise<boolean> => {
  if (holdsTexts(collection, spec)) return spec.identity !== embedding.identity;
  if (!holdsImages(collection, spec)) return false;
  return images === null ? (await store.count(spec.name)) === 0 : spec.identity !== images.identity;
};

const namesOf = async ({ store, collection, embedding, images }: ReconcileDeps): Promise<ReconciledNames> => {
  const names = await ensureCollections(store, collection, embedding);
  if (images === null) return { ...names, images: null, olderImages: null };
  const today = await ensureImages(store, collection, images);
  const read = (await store.resolve(aliasNames(collection).images))?.name ?? null;
  return { ...names, images: today, olderImages: read === today ? null : read };
};

/**
 * The alias moves once every served document lies in today's collection; then nobody reads the older ones. An object
 * without an entry means that the ledger was not whole, and nothing is decided on it.
 */
const moveAlias = async (deps: ReconcileDeps, names: ReconciledNames, pass: Pass) => {
  const { store, collection } = deps;
  const { report } = pass;
  const aliases = aliasNames(collection);
  const moves = Object.entries({ [aliases.main]: names.main, [aliases.low]: names.low });
  if (names.images !== null) moves.push([aliases.images, names.images]);
  const resolved = await Promise.all(moves.map(([alias]) => store.resolve(alias)));
  const current = moves.every(([, name], index) => resolved[index]?.name === name);
  if (report.waiting > 0 || report.woken.missing > 0) {
    report.alias = current ? "current" : "waiting";
    return;
  }
  if (!current) for (const [alias, name] of moves) await store.setAlias(alias, name);
  report.alias = current ? "current" : "swapped";
  for (const spec of await store.collections()) {
    if (!(await isLeft(deps, spec))) continue;
    await store.drop(spec.name);
    report.dropped.push(spec.name);
  }
};

const contextOf = async (deps: ReconcileDeps, pass: Pass): Promise<Context> => {
  const { documents, ledger, queue, clock, fingerprint, maxAttempts } = deps;
  const names = await namesOf(deps);
  const entryDeps: EntryDeps = {
    wake: { ledger, queue, bucket: documents.name, clock },
    documents,
    receipts: deps.receipts,
    store: deps.store,
    gc: deps.gc,
    names,
    fingerprint,
    stuckMs: deps.stuckMinutes * 60_000,
    maxAttempts,
    clock,
  };
  return { deps, entryDeps, pass };
};

/**
 * Compares bucket, ledger and index by pages, and heals: wakes what was missed, is stuck or failed in passing, collects
 * garbage, moves the alias to the collection of today's model. When `signal` fires, the pass is put down after the page
 * in hand and taken up by the next call. May run beside everything else, itself included.
 */
export const reconcileStep =
  (deps: ReconcileDeps) =>
  async (signal: AbortSignal): Promise<ReconcileReport> => {
    const pass = await loadPass(deps.state, deps.clock());
    const context = await contextOf(deps, pass);
    const limit = deps.pageSize ?? defaultPageSize;
    while (pass.phase !== "end") {
      if (signal.aborted) return pass.report;
      const { page, next } = phases[pass.phase];
      pass.cursor = await page(context, { limit, ...(pass.cursor === null ? {} : { cursor: pass.cursor }) });
      if (pass.cursor === null) pass.phase = next;
      await savePass(deps.state, pass);
    }
    await moveAlias(deps, context.entryDeps.names, pass);
    return endPass(deps.state, pass);
  };
