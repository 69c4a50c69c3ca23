import { z } from "zod";
import type { Bucket, ListedObject } from "../aws/bucket.ts";
import { listAll } from "../aws/list-all.ts";
import { readText } from "../aws/read-body.ts";
import { mapConcurrent } from "../map-concurrent.ts";

/** What became of a batch's chunks. */
export type Receipt = {
  readonly stored: number;
  readonly low: number;
  readonly dropped: number;
  /** Of those stored: pictures. Absent: none. */
  readonly images?: number | undefined;
};

/**
 * Port: proof that a batch of a run is in the store. A receipt is put only after the rows were written *and* the ledger
 * still named the run; listings are strongly consistent, so whoever puts the last one sees them all.
 */
export type Receipts = {
  /** Putting again replaces. */
  put(documentId: string, run: number, batch: number, receipt: Receipt): Promise<void>;
  /** Batches of the run that have one. */
  list(documentId: string, run: number): Promise<ReadonlySet<number>>;
  /** Sums over the run's receipts. */
  totals(documentId: string, run: number): Promise<Receipt>;
  /** Deletes those of runs below `run`, except `served`; gives how many went. */
  collect(documentId: string, run: number, served: number | null): Promise<number>;
  /** When the run's newest was put, in ms since 1970; null without any. */
  newest(documentId: string, run: number): Promise<number | null>;
};

const receiptSchema = z.object({
  stored: z.int().nonnegative(),
  low: z.int().nonnegative(),
  dropped: z.int().nonnegative(),
  images: z.int().positive().optional(),
});
const folder = (documentId: string): string => `receipts/${documentId}/`;
const runFolder = (documentId: string, run: number): string => `${folder(documentId)}${run}/`;
const lastPart = (key: string): number => Number(key.slice(key.lastIndexOf("/") + 1));
const runOf = (key: string): number => Number(key.split("/")[2]);
const concurrentReads = 16;
const deletedAtOnce = 1000;

const withImages = (images: number) => (images === 0 ? {} : { images });

const sum = (receipts: readonly Receipt[]): Receipt =>
  receipts.reduce(
    (total, { stored, low, dropped, images = 0 }) => ({
      stored: total.stored + stored,
      low: total.low + low,
      dropped: total.dropped + dropped,
      ...withImages((total.images ?? 0) + images),
    }),
    { stored: 0, low: 0, dropped: 0 },
  );

/** Receipts as small objects `receipts/<document>/<run>/<batch>` of the state bucket. */
export const receiptsOver = (state: Bucket): Receipts => {
  const all = (prefix: string): Promise<ListedObject[]> => Array.fromAsync(listAll(state, prefix));

  const readOne = async ({ key }: ListedObject): Promise<Receipt> => {
    const object = await state.get(key);
    // Gone since the listing: the run was collected, and with it whatever is decided from this sum.
    if (object === null) return sum([]);
    return receiptSchema.parse(JSON.parse(await readText(object.body)));
  };

  return {
    put: async (documentId, run, batch, receipt) => {
      await state.put(`${runFolder(documentId, run)}${batch}`, JSON.stringify(receipt), {
        contentType: "application/json",
      });
    },
    list: async (documentId, run) =>
      new Set((await all(runFolder(documentId, run))).map(({ key }) => lastPart(key))),
    totals: async (documentId, run) =>
      sum(await mapConcurrent(await all(runFolder(documentId, run)), concurrentReads, readOne)),
    collect: async (documentId, run, served) => {
      const garbage = (await all(folder(documentId)))
        .map(({ key }) => key)
        .filter((key) => runOf(key) < run && runOf(key) !== served);
      for (let at = 0; at < garbage.length; at += deletedAtOnce)
        await state.delete(garbage.slice(at, at + deletedAtOnce));
      return garbage.length;
    },
    newest: async (documentId, run) => {
      const times = (await all(runFolder(documentId, run))).map(({ lastModified }) => lastModified);
      return times.length === 0 ? null : Math.max(...times);
    },
  };
};
