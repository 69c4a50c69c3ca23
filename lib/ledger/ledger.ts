import { z } from "zod";
import { type FailureCode, failures } from "../errors.ts";

export const documentStates = ["pending", "processing", "ready", "failed", "deleted"] as const;
export type DocumentState = (typeof documentStates)[number];

export const failureStages = ["parse", "embed", "cluster", "write"] as const;

/** One entry a document, for ever: tombstones stay, so that `run` never falls back. */
export const ledgerEntry = z.object({
  version: z.literal(1),
  documentId: z.string(),
  bucket: z.string(),
  key: z.string(),
  state: z.enum(documentStates),
  /** Raised by every new revision, plan, tombstone and retry; never resets. */
  run: z.int().positive(),
  /** hash(ETag, user metadata, tags, content type, fingerprint): only decides whether there is work; null when unknown. */
  revision: z.string().nullable(),
  /** hash of the list of chunks; the same plan resumes. */
  plan: z.string().nullable(),
  batches: z.int().nonnegative(),
  /** The run that search should give: complete in the store until garbage collection passes. */
  served: z.int().positive().nullable(),
  counts: z.object({
    expected: z.int().nonnegative(),
    stored: z.int().nonnegative(),
    lowQuality: z.int().nonnegative(),
    dropped: z.int().nonnegative(),
    /** Of those stored: pictures, which lie in a collection of their own. Absent in entries of before there were any. */
    images: z.int().nonnegative().optional(),
  }),
  /** For people, of the last reading: what was left out, and what would mend that. */
  notes: z.array(z.string()).optional(),
  /** How its chunks were judged when the run was planned: mean score, and chunks by flag, language and score. Absent before. */
  quality: z
    .object({
      mean: z.number(),
      flags: z.record(z.string(), z.int().positive()),
      languages: z.record(z.string(), z.int().positive()).optional(),
      scores: z.array(z.int().nonnegative()).optional(),
    })
    .optional(),
  failure: z
    .object({
      stage: z.enum(failureStages),
      code: z.enum(Object.keys(failures) as [FailureCode, ...FailureCode[]]),
      message: z.string(),
      /** How many runs of this revision have failed. While `pending` or `processing` this is the last failure. */
      attempts: z.int().positive(),
    })
    .nullable(),
  /** What the object was when it was read: lets reconcile compare with a listing without a GET. */
  source: z
    .object({ etag: z.string(), size: z.int(), lastModified: z.int(), contentType: z.string() })
    .nullable(),
  /** Of the parameters and code versions that shaped the chunks; another one than today's means outdated. */
  fingerprint: z.string().nullable(),
  /** Identity of the embedding model that this run was planned for; a batch is never embedded by another. */
  embedding: z.string().nullable(),
  /** The same of the image model that its pictures were planned for; null or absent: they get no vectors. */
  imageEmbedding: z.string().nullable().optional(),
  /** Fresh in each body, so that ETags never recur and a retried request knows its own write. */
  nonce: z.string(),
  updatedAt: z.int(),
});
export type LedgerEntry = z.infer<typeof ledgerEntry>;

/** An entry as it was read, with the ETag that a swap must match. */
export type ReadEntry = LedgerEntry & { readonly etag: string };

/** What a writer decides; the ledger adds version, ids, nonce and time. */
export type EntryChange = Omit<
  LedgerEntry,
  "version" | "documentId" | "bucket" | "key" | "nonce" | "updatedAt"
>;

/**
 * Port: the ledger of one document bucket, on conditional writes.
 *
 * `swap` writes `change` only if the entry is still `previous` (null: there is none) and gives the new entry, or null
 * when somebody else was first: read again and decide anew. A lost reply that was in fact a success is a success.
 */
export type Ledger = {
  read(key: string): Promise<ReadEntry | null>;
  swap(key: string, previous: ReadEntry | null, change: EntryChange): Promise<ReadEntry | null>;
  /** Entries whose object key begins with `prefix`, in ledger order, by pages. */
  list(options: {
    readonly prefix: string;
    readonly cursor?: string;
    readonly limit?: number;
  }): Promise<{ readonly entries: readonly ReadEntry[]; readonly cursor?: string }>;
  /** By document id (an index beside the entries answers it); null when unknown. */
  find(documentId: string): Promise<ReadEntry | null>;
};

/** Runs grow with time, so that a document whose ledger was lost cannot fall behind rows that were not. */
export const nextRun = (previous: Pick<LedgerEntry, "run"> | null, nowMs: number): number =>
  Math.max((previous?.run ?? 0) + 1, nowMs);
