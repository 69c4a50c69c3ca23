import type { Chunk, ChunkRow, RowParent } from "../chunk-row.ts";
import { chunkId } from "../ids.ts";
import type { ReadEntry } from "../ledger/ledger.ts";
import type { WriteMessage } from "../messages.ts";
import { sketchOf } from "../quality/sketch.ts";
import type { Filter } from "../store/filter.ts";
import { collectionNames, imagesName, type VectorStore } from "../store/store.ts";
import { brokenVectors, vectorsOf } from "./cluster.ts";
import { type Target, withCollections } from "./collections.ts";
import { type CompleteDeps, completeRun } from "./complete.ts";
import type { Delivery } from "./delivery.ts";
import { failRun, guarded } from "./guarded.ts";

export type WriteDeps = CompleteDeps & {
  readonly store: Pick<VectorStore, "ensure" | "resolve" | "setAlias" | "upsert" | "delete">;
  /** Base name of the collections. */
  readonly collection: string;
  readonly quality: {
    /** Chunks that score below it are of low quality. */
    readonly threshold: number;
    readonly action: "separate" | "drop" | "keep";
  };
};

const rowParent = ({ ordinal: _, ...fields }: NonNullable<Chunk["parent"]>, id: string): RowParent => ({
  ...fields,
  id,
});

const rowsOf = (message: WriteMessage, vectors: Float32Array): readonly ChunkRow[] => {
  const { document, chunks, clusterVersion, clusterIds, clusterDistances } = message;
  const { dimension } = message.embedding;
  const idOf = (ordinal: number): string => chunkId(document.documentId, document.run, ordinal);
  return chunks.map(({ parent, ...chunk }, index) => ({
    ...document,
    ...chunk,
    ...(parent && { parent: rowParent(parent, idOf(parent.ordinal)) }),
    id: idOf(chunk.ordinal),
    vector: vectors.slice(index * dimension, (index + 1) * dimension),
    // What is said of two pictures may be the same although they are not.
    duplicateGroup: message.target === "images" ? chunk.contentHash : sketchOf(chunk.text),
    clusterId: clusterIds[index] ?? -1,
    clusterVersion,
    clusterDistance: clusterDistances[index] ?? 0,
  }));
};

type Split = {
  readonly main: readonly ChunkRow[];
  readonly low: readonly ChunkRow[];
  readonly dropped: number;
};

const split = (
  rows: readonly ChunkRow[],
  target: Target,
  { threshold, action }: WriteDeps["quality"],
): Split => {
  if (action === "keep" || target === "images") return { main: rows, low: [], dropped: 0 };
  const main = rows.filter(({ quality }) => quality >= threshold);
  const poor = rows.filter(({ quality }) => quality < threshold);
  return action === "drop" ? { main, low: [], dropped: poor.length } : { main, low: poor, dropped: 0 };
};

/** The rows of one batch of one run: ordinals are consecutive. */
const batchFilter = ({ document, chunks }: WriteMessage): Filter => ({
  and: [
    { field: "documentId", op: "eq", value: document.documentId },
    { field: "run", op: "eq", value: document.run },
    { field: "ordinal", op: "gte", value: chunks[0]?.ordinal ?? 0 },
    { field: "ordinal", op: "lte", value: chunks.at(-1)?.ordinal ?? 0 },
  ],
});

const targetNames = (base: string, { target, embedding }: WriteMessage): readonly string[] => {
  if (target === "images") return [imagesName(base, embedding.identity)];
  const { main, low } = collectionNames(base, embedding.identity);
  return [main, low];
};

/** A stale writer only collects garbage: what it may have written itself, in whatever collection, and the rest. */
const retreat = async (deps: WriteDeps, message: WriteMessage, entry: ReadEntry): Promise<void> => {
  if (entry.served !== message.document.run) {
    for (const name of targetNames(deps.collection, message))
      if ((await deps.store.resolve(name)) !== null) await deps.store.delete(name, batchFilter(message));
  }
  await deps.gc(entry.key);
};

/**
 * Upsert → still mine? → receipt → all receipts? → ready. The order is what makes it safe: a receipt says that the rows
 * were in the store while the ledger still named the run, so a run with all receipts is complete.
 */
const writeBatch = async (
  deps: WriteDeps,
  inCollections: ReturnType<typeof withCollections>,
  message: WriteMessage,
  vectors: Float32Array,
): Promise<void> => {
  const { documentId, key, run } = message.document;
  const { main, low, dropped } = split(rowsOf(message, vectors), message.target, deps.quality);
  await inCollections(message.embedding, message.target, async (names) => {
    if (main.length > 0) await deps.store.upsert(names.main, main);
    if (low.length > 0) await deps.store.upsert(names.low, low);
  });
  const entry = await deps.ledger.read(key);
  if (entry === null) return;
  if (entry.run !== run) return retreat(deps, message, entry);
  const images = message.target === "images" ? { images: main.length } : {};
  const receipt = { stored: main.length, low: low.length, dropped, ...images };
  await deps.receipts.put(documentId, run, message.batch, receipt);
  const present = await deps.receipts.list(documentId, run);
  if (present.size < message.batches || (await completeRun(deps, key, run))) return;
  const moved = await deps.ledger.read(key);
  if (moved !== null) await retreat(deps, message, moved);
};

/**
 * Puts a batch into the store; whoever puts the last one makes the document ready. Redelivery, in any order and at any
 * time, changes nothing: rows are upserted by ids that carry the run, and stale runs are garbage.
 */
export const writeStep = (deps: WriteDeps) => {
  const inCollections = withCollections(deps.store, deps.collection);
  return async (message: WriteMessage, delivery: Delivery): Promise<void> => {
    const { key, run } = message.document;
    const entry = await deps.ledger.read(key);
    // Without an entry nothing says what is garbage; reconcile brings the entry back and reports the rows.
    if (entry === null) return;
    if (entry.run !== run) return retreat(deps, message, entry);
    if (entry.state === "ready") {
      await completeRun(deps, key, run);
      return;
    }
    const vectors = vectorsOf(message);
    if (vectors === null) return failRun(deps, entry, "write", brokenVectors(message), "keep");
    await guarded(deps, "write", entry, delivery, () => writeBatch(deps, inCollections, message, vectors));
  };
};
