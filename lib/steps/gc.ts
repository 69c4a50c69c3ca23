import type { Ledger, LedgerEntry } from "../ledger/ledger.ts";
import type { Receipts } from "../ledger/receipts.ts";
import type { Filter } from "../store/filter.ts";
import type { CollectionSpec, VectorStore } from "../store/store.ts";
import { holdsImages, holdsTexts, isOurs } from "./collections.ts";

export type GcDeps = {
  readonly ledger: Pick<Ledger, "read">;
  readonly store: Pick<VectorStore, "collections" | "delete">;
  readonly receipts: Pick<Receipts, "collect">;
  /** Base name of the collections. */
  readonly collection: string;
};

/** Collects one document's garbage; gives how many rows went. */
export type Gc = (key: string) => Promise<number>;

type Runs = Pick<LedgerEntry, "documentId" | "run" | "served">;

/** The one rule: rows of runs below the ledger's, except the served one. */
export const garbageOf = ({ documentId, run, served }: Runs): Filter => ({
  and: [
    { field: "documentId", op: "eq", value: documentId },
    { field: "run", op: "lt", value: run },
    ...(served === null ? [] : [{ field: "run", op: "ne", value: served } as const]),
  ],
});

/**
 * A collection of another embedding identity than the run's keeps answering until the alias leaves it: there, an older
 * run may be the one that search gives. Only a document that must not be found any more is collected from it. Where the
 * run was planned without an image model, nobody searches pictures.
 */
const collects = (collection: string, spec: CollectionSpec, entry: LedgerEntry): boolean => {
  if (entry.served === null) return isOurs(collection, spec);
  const { imageEmbedding = null } = entry;
  if (holdsImages(collection, spec)) return imageEmbedding === null || spec.identity === imageEmbedding;
  return holdsTexts(collection, spec) && spec.identity === entry.embedding;
};

/** Safe at any time and any number of times: what it deletes can never become served again. */
export const gcStep =
  (deps: GcDeps): Gc =>
  async (key) => {
    const entry = await deps.ledger.read(key);
    if (entry === null) return 0;
    let collected = 0;
    for (const spec of await deps.store.collections())
      if (collects(deps.collection, spec, entry))
        collected += await deps.store.delete(spec.name, garbageOf(entry));
    await deps.receipts.collect(entry.documentId, entry.run, entry.served);
    return collected;
  };
