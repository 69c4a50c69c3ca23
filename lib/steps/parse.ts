import type { Bucket, ObjectHead, StoredObject, Tags } from "../aws/bucket.ts";
import type { Queue } from "../aws/queue.ts";
import { readBody } from "../aws/read-body.ts";
import type { Chunk, Metadata, PictureChunk } from "../chunk-row.ts";
import { AppError } from "../errors.ts";
import { documentId } from "../ids.ts";
import { type EntryChange, nextRun, type ReadEntry } from "../ledger/ledger.ts";
import type { Progress } from "../ledger/progress.ts";
import type { EmbedMessage, LookMessage } from "../messages.ts";
import { qualityReport } from "../quality/report.ts";
import { type FolderRules, folderMetadata } from "../read/folder-metadata.ts";
import type { Embedding } from "./collections.ts";
import { type CompleteDeps, completeRun } from "./complete.ts";
import type { Delivery } from "./delivery.ts";
import { crash, isDocumentFailure, isMendable, recordOf } from "./document-failure.ts";
import { explain } from "./guarded.ts";
import { type Content, type PackOptions, type Plan, planOf, type Shared } from "./pack.ts";
import { revisionAt, revisionOf } from "./revision.ts";
import { sendMissing } from "./send-missing.ts";
import { tagMetadata } from "./tag-metadata.ts";

export type ReadChunksInput = {
  readonly bytes: Uint8Array;
  readonly key: string;
  /** As the uploader declared it. */
  readonly contentType: string;
  readonly signal: AbortSignal;
  /** Hears of each page that was read. */
  readonly onPage: (done: number, total: number) => void;
};
/** Reading, chunking and judging: bytes to chunks with their ordinals, and what the file says of itself. */
export type ReadChunks = (input: ReadChunksInput) => Promise<{
  readonly chunks: readonly Chunk[];
  /** What image search finds; their ordinals go on where those of the chunks end. */
  readonly pictures?: readonly PictureChunk[];
  /** Chunks that were dropped as copies of earlier ones of the document. */
  readonly copies?: number;
  readonly metadata: Metadata;
  /** For people: what was left out of the document, and what would mend that. */
  readonly notes?: readonly string[];
}>;

export type ParseDeps = CompleteDeps & {
  /** The document bucket: the truth. */
  readonly bucket: Bucket;
  /** The embed queue. */
  readonly queue: Queue<EmbedMessage>;
  /** @throws typed failures; a permanent one is recorded on the document. */
  readonly readChunks: ReadChunks;
  readonly limits: { readonly objectBytes: number; readonly chunks: number };
  /** What is known of documents by where they lie. Default: nothing. */
  readonly folders?: FolderRules;
  /** Of the parameters and code versions that shape chunks: see `fingerprint`. */
  readonly fingerprint: string;
  readonly embedding: Embedding;
  /** Of pictures; null: there is no image model, and pictures get no vectors. */
  readonly images: Embedding | null;
  /** Where the pages of long documents are counted. */
  readonly progress?: Pick<Progress, "note" | "clear">;
  /** Default: `maxMessageBytes`. */
  readonly maxMessageBytes?: number;
};

/** One look at an object: the ledger's entry as it was *before* the object was read. */
type Look = {
  readonly key: string;
  readonly entry: ReadEntry | null;
  readonly head: ObjectHead;
  readonly tags: Tags;
  readonly revision: string;
  /** The last failure of this revision before this delivery. */
  readonly prior: ReadEntry["failure"];
  readonly delivery: Delivery;
};

const maxRounds = 10;
const noCounts = { expected: 0, stored: 0, lowQuality: 0, dropped: 0 } as const;

/** The outcome of this revision is known, and no other run would change it. */
const settled = (entry: ReadEntry | null, revision: string): boolean => {
  if (entry === null || entry.revision !== revision) return false;
  return (
    entry.state === "ready" || (entry.state === "failed" && !isMendable(entry.failure?.code ?? "CRASHED"))
  );
};

/** A run of this revision is in progress, or failed in passing: its messages and receipts still count. */
const inProgress = ({ entry, revision }: Look): ReadEntry | null =>
  entry !== null &&
  entry.revision === revision &&
  entry.plan !== null &&
  (entry.state === "processing" || entry.state === "failed")
    ? entry
    : null;

/** What every entry about the object that was just seen has in common; a new run of it. */
const newRun = (deps: ParseDeps, { entry, head, revision }: Look) => ({
  run: nextRun(entry, deps.clock()),
  revision,
  plan: null,
  batches: 0,
  served: entry?.served ?? null,
  counts: noCounts,
  failure: null,
  source: {
    etag: head.etag,
    size: head.size,
    lastModified: head.lastModified,
    contentType: head.contentType,
  },
  fingerprint: deps.fingerprint,
  embedding: deps.embedding.identity,
  imageEmbedding: deps.images?.identity ?? null,
});

/**
 * Swaps, then looks at the object again: had it changed before the swap, the event of that change may have found nothing
 * to do, and nobody else would come. Null: begin again.
 */
const swapAndConfirm = async (
  deps: ParseDeps,
  look: Look,
  change: EntryChange,
): Promise<ReadEntry | null> => {
  const swapped = await deps.ledger.swap(look.key, look.entry, change);
  if (swapped === null) return null;
  const now = await revisionAt(deps.bucket, look.key, deps.fingerprint);
  return now === look.revision ? swapped : null;
};

/** The object is gone: a tombstone, for ever, so that the run never falls back. */
const bury = async (deps: ParseDeps, key: string, entry: ReadEntry | null): Promise<boolean> => {
  if (entry === null) return true;
  if (entry.state !== "deleted") {
    const { quality: _, ...rest } = entry;
    const buried = await deps.ledger.swap(key, entry, {
      ...rest,
      state: "deleted",
      run: nextRun(entry, deps.clock()),
      revision: null,
      plan: null,
      batches: 0,
      served: null,
      counts: noCounts,
      notes: [],
      failure: null,
      source: null,
    });
    if (buried === null || (await deps.bucket.head(key)) !== null) return false;
  }
  await deps.gc(key);
  return true;
};

/** Recorded once, acknowledged, visible; the rows of the old revision go, for it is no longer what the bucket holds. */
const failForGood = async (deps: ParseDeps, look: Look, error: unknown): Promise<boolean> => {
  const failed = await swapAndConfirm(deps, look, {
    ...newRun(deps, look),
    state: "failed",
    served: null,
    failure: recordOf("parse", error, look.entry, look.revision),
  });
  if (failed === null) return false;
  await deps.gc(look.key);
  return true;
};

/** `failed: CRASHED` before the last delivery's work, unless it is there; what was served stays. Null: begin again. */
const markCrashed = async (deps: ParseDeps, look: Look): Promise<Look | null> => {
  const { entry, revision } = look;
  const same = entry !== null && entry.revision === revision;
  if (same && entry.state === "failed") return look;
  const marked = await swapAndConfirm(deps, look, {
    ...(inProgress(look) ?? newRun(deps, look)),
    state: "failed",
    failure: recordOf("parse", crash("parse"), entry, revision),
  });
  return marked === null ? null : { ...look, entry: marked };
};

type Prepared = Content & {
  readonly copies: number;
  readonly notes: readonly string[];
  readonly shared: Shared;
  readonly plan: Plan;
};

/** The run that this plan belongs to: the one in progress where its plan is the same, else a new one. */
const adopt = async (
  deps: ParseDeps,
  look: Look,
  { plan, chunks, pictures, copies, notes }: Prepared,
): Promise<ReadEntry | null> => {
  const { entry, prior, delivery } = look;
  const state = delivery.lastReceive ? "failed" : "processing";
  const failure = delivery.lastReceive && entry !== null ? entry.failure : prior;
  const resumed = inProgress(look);
  if (resumed !== null && resumed.plan === plan.hash) {
    if (resumed.state === state) return resumed;
    return swapAndConfirm(deps, look, { ...resumed, state });
  }
  return swapAndConfirm(deps, look, {
    ...newRun(deps, look),
    state,
    plan: plan.hash,
    batches: plan.batches,
    counts: { ...noCounts, expected: chunks.length + pictures.length + copies, dropped: copies },
    quality: qualityReport(chunks, copies),
    ...(notes.length > 0 && { notes: [...notes] }),
    failure,
  });
};

const readNoted = async (
  { readChunks, progress }: ParseDeps,
  document: { readonly documentId: string; readonly key: string },
  input: Omit<ReadChunksInput, "onPage">,
): ReturnType<ReadChunks> => {
  try {
    return await readChunks({ ...input, onPage: (done, total) => progress?.note(document, done, total) });
  } finally {
    await progress?.clear(document.documentId);
  }
};

const prepare = async (
  deps: ParseDeps,
  { key, head, tags, delivery }: Look,
  object: StoredObject,
  options: PackOptions,
): Promise<Prepared> => {
  const bytes = await readBody(object.body, deps.limits.objectBytes, head.size);
  const { contentType } = head;
  const bucket = deps.bucket.name;
  const id = documentId(bucket, key);
  const input = { bytes, key, contentType, signal: delivery.signal };
  const read = await readNoted(deps, { documentId: id, key }, input);
  const { chunks, copies = 0, notes = [] } = read;
  const pictures = deps.images === null ? [] : (read.pictures ?? []);
  if (chunks.length === 0) throw new AppError("EMPTY_DOCUMENT", `no text in ${key}`);
  const total = chunks.length + pictures.length;
  if (total > deps.limits.chunks)
    throw new AppError(
      "DOCUMENT_TOO_LARGE",
      `${key} has ${total} chunks; limits.chunks is ${deps.limits.chunks}`,
    );
  const tagged = tagMetadata(tags);
  const byFolder = folderMetadata(deps.folders ?? {}, key);
  const metadata = { ...read.metadata, ...byFolder, ...tagged.metadata, ...head.metadata };
  const shared = { bucket, key, documentId: id, contentType, metadata };
  const content = { chunks, pictures };
  return {
    ...content,
    copies,
    notes: [...notes, ...tagged.notes],
    shared,
    plan: planOf(content, shared, options),
  };
};

/** Adopts a run for what was read and sends the batches that are missing; in the last delivery takes `CRASHED` back. */
const proceed = async (deps: ParseDeps, look: Look, prepared: Prepared, options: PackOptions) => {
  const entry = await adopt(deps, look, prepared);
  if (entry === null) return false;
  const sent = await sendMissing(deps, entry, prepared, options, look.delivery.signal);
  if (sent === 0) return completeRun(deps, look.key, entry.run);
  if (look.delivery.lastReceive)
    await deps.ledger.swap(look.key, entry, { ...entry, state: "processing", failure: look.prior });
  return true;
};

/** Work on an object whose revision is not settled. Gives false when the look must begin again. */
const process = async (deps: ParseDeps, look: Look, object: StoredObject): Promise<boolean> => {
  const { embedding, images, maxMessageBytes } = deps;
  const options = {
    embedding,
    images,
    ...(maxMessageBytes === undefined ? {} : { maxBytes: maxMessageBytes }),
  };
  const begun = look.delivery.lastReceive ? await markCrashed(deps, look) : look;
  if (begun === null) return false;
  try {
    return await proceed(deps, begun, await prepare(deps, begun, object, options), options);
  } catch (error) {
    if (isDocumentFailure(error)) return failForGood(deps, begun, error);
    if (look.delivery.lastReceive && begun.entry !== null) await explain(deps, begun.entry, error);
    throw error;
  }
};

const lookAt = async (deps: ParseDeps, key: string, delivery: Delivery): Promise<boolean> => {
  const entry = await deps.ledger.read(key);
  const object = await deps.bucket.get(key);
  if (object === null) return bury(deps, key, entry);
  const { body, ...head } = object;
  try {
    const tags = await deps.bucket.tags(key);
    // Gone since: look again.
    if (tags === null) return false;
    const revision = revisionOf(head, tags, deps.fingerprint);
    if (settled(entry, revision)) {
      await deps.gc(key);
      return true;
    }
    const prior = entry !== null && entry.revision === revision ? entry.failure : null;
    const look: Look = { key, entry, head, tags, revision, prior, delivery };
    const { objectBytes } = deps.limits;
    if (head.size > objectBytes)
      return await failForGood(
        deps,
        look,
        new AppError(
          "DOCUMENT_TOO_LARGE",
          `${key} has ${head.size} bytes; limits.objectBytes is ${objectBytes}`,
        ),
      );
    return await process(deps, look, object);
  } finally {
    body.destroy();
  }
};

/**
 * "Look at key K": brings the ledger to what the bucket holds now, whatever the event was about. Order and number of
 * events do not matter. Permanent failures are recorded and the step resolves; what it throws is to be delivered again.
 */
export const parseStep =
  (deps: ParseDeps) =>
  async ({ bucket, key }: LookMessage, delivery: Delivery): Promise<void> => {
    if (bucket !== deps.bucket.name)
      throw new AppError(
        "CONFIG_INVALID",
        `an event of bucket ${bucket} came to the ingest queue of ${deps.bucket.name}`,
      );
    for (let round = 0; round < maxRounds; round++) {
      delivery.signal.throwIfAborted();
      if (await lookAt(deps, key, delivery)) return;
    }
    throw new AppError("SWAP_CONFLICT", `${key} changed ${maxRounds} times while it was looked at`);
  };
