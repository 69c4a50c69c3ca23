import { z } from "zod";
import type { Bucket } from "../aws/bucket.ts";
import { listAll } from "../aws/list-all.ts";
import { readText } from "../aws/read-body.ts";
import { mapConcurrent } from "../map-concurrent.ts";

const schema = z.object({
  documentId: z.string(),
  key: z.string(),
  /** Pages read so far, of `pages`. */
  page: z.int().nonnegative(),
  pages: z.int().positive(),
  /** ms since 1970 */
  updatedAt: z.int(),
});
export type DocumentProgress = z.infer<typeof schema>;

/**
 * Port: how far the reading of long documents is. It stands beside the ledger's entries and decides nothing: it may be
 * late, lost, or left behind by a reader that died. Failures of the bucket are not the document's and are swallowed.
 */
export type Progress = {
  /** Takes note of a page; writes now and then. */
  note(document: Pick<DocumentProgress, "documentId" | "key">, page: number, pages: number): void;
  /** Reading has ended, well or not. */
  clear(documentId: string): Promise<void>;
  find(documentId: string): Promise<DocumentProgress | null>;
  /** Of all documents that are being read, at most `limit`. */
  list(limit: number): Promise<readonly DocumentProgress[]>;
};

const folder = "progress/";
const keyOf = (documentId: string): string => `${folder}${documentId}.json`;
/** A page that is looked at every few seconds need not know more. */
const writeEveryMs = 2_000;
/** Nobody reads one page for so long: the reader died. */
const staleMs = 15 * 60_000;
const concurrentReads = 8;

/** Objects `progress/<document>.json` of the state bucket; written at most every two seconds, one write at a time. */
export const progressOver = (state: Bucket, clock: () => number): Progress => {
  const written = new Map<string, number>();
  const writing = new Map<string, Promise<unknown>>();

  const read = async (key: string): Promise<DocumentProgress | null> => {
    const object = await state.get(key);
    if (object === null) return null;
    const parsed = schema.safeParse(JSON.parse(await readText(object.body)));
    return parsed.success && clock() - parsed.data.updatedAt < staleMs ? parsed.data : null;
  };
  return {
    note: ({ documentId, key }, page, pages) => {
      const now = clock();
      const before = written.get(documentId);
      if (writing.has(documentId) || (before !== undefined && now - before < writeEveryMs)) return;
      written.set(documentId, now);
      const body = { documentId, key, page, pages, updatedAt: now } satisfies DocumentProgress;
      const put = state
        .put(keyOf(documentId), JSON.stringify(body), { contentType: "application/json" })
        .catch(() => undefined)
        .finally(() => writing.delete(documentId));
      writing.set(documentId, put);
    },
    clear: async (documentId) => {
      if (!written.delete(documentId)) return;
      await writing.get(documentId);
      await state.delete([keyOf(documentId)]).catch(() => undefined);
    },
    find: (documentId) => read(keyOf(documentId)),
    list: async (limit) => {
      const keys: string[] = [];
      for await (const { key } of listAll(state, folder)) if (keys.push(key) >= limit) break;
      return (await mapConcurrent(keys, concurrentReads, read)).filter((each) => each !== null);
    },
  };
};
