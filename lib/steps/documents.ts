import type { Bucket } from "../aws/bucket.ts";
import type { Presigner } from "../aws/presigner.ts";
import type { ChunkRow } from "../chunk-row.ts";
import { AppError } from "../errors.ts";
import { chunkId } from "../ids.ts";
import type { DocumentState, Ledger, LedgerEntry, ReadEntry } from "../ledger/ledger.ts";
import type { DocumentProgress, Progress } from "../ledger/progress.ts";
import type { Filter } from "../store/filter.ts";
import type { VectorStore } from "../store/store.ts";
import { aliasNames } from "./collections.ts";

/** A document as callers see it. */
export type DocumentSummary = Pick<LedgerEntry, "key" | "state" | "revision" | "counts" | "updatedAt"> & {
  readonly id: string;
  /** Its chunks were made with other parameters or code than today's. */
  readonly outdated: boolean;
  /** Of the chunks of its last reading. */
  readonly quality?: NonNullable<LedgerEntry["quality"]>;
  readonly failure?: NonNullable<LedgerEntry["failure"]>;
  /** What was left out of it, and what would mend that. */
  readonly notes?: readonly string[];
  /** While it is being read: pages so far. */
  readonly progress?: Pick<DocumentProgress, "page" | "pages" | "updatedAt">;
};

type Page = { readonly limit: number; readonly cursor?: string | undefined };

/** The most ledger entries that one request reads while it looks for a state: each is a GET. */
const scanBudget = 1000;

const summarise = (entry: LedgerEntry, fingerprint: string): DocumentSummary => ({
  id: entry.documentId,
  key: entry.key,
  state: entry.state,
  revision: entry.revision,
  outdated: entry.state !== "deleted" && entry.fingerprint !== null && entry.fingerprint !== fingerprint,
  counts: entry.counts,
  ...(entry.quality !== undefined && { quality: entry.quality }),
  // The entry keeps the last failure while a new run is under way, to count attempts.
  ...(entry.state === "failed" && entry.failure !== null && { failure: entry.failure }),
  ...(entry.notes !== undefined && entry.notes.length > 0 && { notes: entry.notes }),
  updatedAt: entry.updatedAt,
});

const progressView = ({ page, pages, updatedAt }: DocumentProgress) => ({
  progress: { page, pages, updatedAt },
});

/** A document gets its entry when it has been read; until then its progress is all there is of it. */
const unread = (found: DocumentProgress): DocumentSummary => ({
  id: found.documentId,
  key: found.key,
  state: "pending",
  revision: null,
  outdated: false,
  counts: { expected: 0, stored: 0, lowQuality: 0, dropped: 0 },
  updatedAt: found.updatedAt,
  ...progressView(found),
});

export type DocumentsDeps = {
  readonly ledger: Pick<Ledger, "list" | "find">;
  readonly fingerprint: string;
  readonly progress?: Pick<Progress, "find" | "list">;
};

/** Documents that are read at the same time are few. */
const mostInProgress = 50;

/** Shows progress on the documents of the first page, and those before them that have no entry yet. */
const withProgress = async (
  { ledger, progress }: DocumentsDeps,
  documents: readonly DocumentSummary[],
  wanted: (document: DocumentProgress) => boolean,
): Promise<readonly DocumentSummary[]> => {
  const reading = (await progress?.list(mostInProgress)) ?? [];
  if (reading.length === 0) return documents;
  const byId = new Map(reading.map((each) => [each.documentId, each]));
  const known = await Promise.all(reading.map(({ documentId }) => ledger.find(documentId)));
  const fresh = reading.filter((each, index) => known[index] === null && wanted(each));
  return [
    ...fresh.map(unread),
    ...documents.map((document) => {
      const found = byId.get(document.id);
      return found ? { ...document, ...progressView(found) } : document;
    }),
  ];
};

type ListOptions = Page & { readonly prefix: string; readonly state?: DocumentState | undefined };
type DocumentPage = { readonly documents: readonly DocumentSummary[]; readonly cursor?: string };

const ledgerPage = async (
  { ledger, fingerprint }: DocumentsDeps,
  { prefix, state, limit, ...from }: ListOptions,
): Promise<DocumentPage> => {
  const wanted = (entry: LedgerEntry) =>
    state === undefined ? entry.state !== "deleted" : entry.state === state;
  const documents: DocumentSummary[] = [];
  let { cursor } = from;
  for (let scanned = 0; scanned < scanBudget; ) {
    const remaining = limit - documents.length;
    const page = await ledger.list({
      prefix,
      limit: remaining,
      ...(cursor === undefined ? {} : { cursor }),
    });
    documents.push(...page.entries.filter(wanted).map((entry) => summarise(entry, fingerprint)));
    cursor = page.cursor;
    scanned += remaining;
    if (cursor === undefined || documents.length * 2 > limit) break;
  }
  return { documents, ...(cursor === undefined ? {} : { cursor }) };
};

/**
 * The use case behind `GET /documents`. Without `state` it gives all but tombstones. A page ends early, with a cursor,
 * rather than read on and on for the last few matches.
 */
export const listDocuments =
  (deps: DocumentsDeps) =>
  async (options: ListOptions): Promise<DocumentPage> => {
    const page = await ledgerPage(deps, options);
    const { prefix, state, cursor } = options;
    if (cursor !== undefined || (state !== undefined && state !== "pending")) return page;
    const documents = await withProgress(deps, page.documents, ({ key }) => key.startsWith(prefix));
    return { ...page, documents };
  };

/** @throws AppError `NOT_FOUND` */
const findEntry = async (ledger: Pick<Ledger, "find">, id: string): Promise<ReadEntry> => {
  const entry = await ledger.find(id);
  if (entry === null)
    throw new AppError("NOT_FOUND", `there is no document ${id}, or its upload has not been noticed yet`);
  return entry;
};

/** The use case behind `GET /documents/{id}`; a deleted document is found, as `deleted`. */
export const getDocument =
  ({ ledger, fingerprint, progress }: DocumentsDeps) =>
  async (id: string): Promise<DocumentSummary> => {
    const [entry, found = null] = await Promise.all([ledger.find(id), progress?.find(id)]);
    if (entry === null && found !== null) return unread(found);
    return {
      ...summarise(entry ?? (await findEntry(ledger, id)), fingerprint),
      ...(found && progressView(found)),
    };
  };

const parseOrdinal = (cursor: string | undefined): number => {
  if (cursor === undefined) return 0;
  if (!/^\d{1,9}$/.test(cursor)) throw new AppError("BAD_REQUEST", "query: cursor: not one of ours");
  return Number(cursor);
};

export type StoredChunk = ChunkRow & {
  /** It lies in the collection of low-quality chunks. */
  readonly lowQuality: boolean;
  readonly parentId?: string;
};

type ChunkStore = Pick<VectorStore, "fetch" | "resolve" | "count">;

export type ChunksDeps = {
  readonly ledger: Pick<Ledger, "find">;
  readonly store: () => Promise<ChunkStore>;
  /** Alias of the collection that search reads. */
  readonly collection: string;
};

/** The collections of good and of poor chunks and of pictures, as far as they are there. */
const collectionsOf = async (
  store: ChunkStore,
  alias: string,
): Promise<readonly { readonly name: string; readonly lowQuality: boolean }[]> => {
  const { main, low, images } = aliasNames(alias);
  const all = [
    { name: main, lowQuality: false },
    { name: low, lowQuality: true },
    { name: images, lowQuality: false },
  ];
  const specs = await Promise.all(all.map(({ name }) => store.resolve(name)));
  return all.filter((_, i) => specs[i] !== null);
};

/** How many chunks the served run has; the ledger's counts may be those of a newer run that is still under way. */
const countServed = async (
  { documentId, run, served, counts }: ReadEntry,
  store: ChunkStore,
  collections: readonly { readonly name: string }[],
): Promise<number> => {
  if (served === run) return counts.expected;
  const filter: Filter = {
    and: [
      { field: "documentId", op: "eq", value: documentId },
      { field: "run", op: "eq", value: served ?? 0 },
    ],
  };
  const rows = await Promise.all(collections.map(({ name }) => store.count(name, filter)));
  return rows.reduce((sum, each) => sum + each, 0);
};

/**
 * The use case behind `GET /documents/{id}/chunks`: what is served, in the document's order. Ids follow from document,
 * run and ordinal, so a page is a fetch by ids; chunks that were dropped are not there.
 */
export const listChunks =
  ({ ledger, store: openStore, collection }: ChunksDeps) =>
  async (id: string, { limit, cursor }: Page) => {
    const entry = await findEntry(ledger, id);
    const from = parseOrdinal(cursor);
    const { served } = entry;
    if (served === null) return { documentId: id, total: 0, chunks: [] };
    const store = await openStore();
    const collections = await collectionsOf(store, collection);
    const total = await countServed(entry, store, collections);
    const to = Math.min(total, from + limit);
    const ids = Array.from({ length: Math.max(0, to - from) }, (_, i) => chunkId(id, served, from + i));
    const pages = await Promise.all(
      collections.map(async ({ name, lowQuality }) =>
        (await store.fetch(name, ids)).map(
          (row): StoredChunk => ({ ...row, lowQuality, ...(row.parent && { parentId: row.parent.id }) }),
        ),
      ),
    );
    const chunks = pages.flat().toSorted((a, b) => a.ordinal - b.ordinal);
    return { documentId: id, total, chunks, ...(to < total ? { cursor: String(to) } : {}) };
  };

export type OriginalDeps = {
  readonly ledger: Pick<Ledger, "find">;
  readonly documents: Pick<Bucket, "head">;
  readonly presigner: Pick<Presigner, "get">;
  /** `http.uploadSeconds` */
  readonly seconds: number;
  readonly now: () => number;
};

/** The use case behind `GET /documents/{id}/original`. @throws AppError `NOT_FOUND`, also when the object is gone. */
export const getOriginal =
  ({ ledger, documents, presigner, seconds, now }: OriginalDeps) =>
  async (id: string) => {
    const { key } = await findEntry(ledger, id);
    const head = await documents.head(key);
    if (head === null) throw new AppError("NOT_FOUND", `${key} is no longer in the bucket`);
    const expiresAt = now() + seconds * 1000;
    const url = await presigner.get(key, seconds);
    return { url, contentType: head.contentType, size: head.size, expiresAt };
  };

/**
 * The use case behind `DELETE /documents/{id}`: the object goes, and the bucket's event takes its chunks along. Gives
 * the state as it is until then.
 */
export const deleteDocument =
  ({ ledger, documents }: { ledger: Pick<Ledger, "find">; documents: Pick<Bucket, "delete"> }) =>
  async (id: string): Promise<{ readonly id: string; readonly state: DocumentState }> => {
    const { key, state } = await findEntry(ledger, id);
    await documents.delete([key]);
    return { id, state };
  };
