import { AppError } from "../errors.ts";
import type { CollectionSpec, VectorStore } from "./store.ts";

type RebuildStore = Pick<
  VectorStore,
  "ensure" | "drop" | "setAlias" | "resolve" | "upsert" | "count" | "scan" | "collections"
>;

export type RebuildProgress = (step: string, done: number, total: number) => void;

/** Rows read and written at once. */
const pageRows = 500;

/** Where the rows wait while the collection itself is made anew; no part of the delivery protocol touches it. */
export const copyName = (collection: string): string => `${collection}_rebuild`;

const copyRows = async (
  store: RebuildStore,
  from: string,
  to: string,
  report: RebuildProgress,
): Promise<void> => {
  const total = await store.count(from);
  let cursor: string | undefined;
  let done = 0;
  do {
    const page = await store.scan(from, { limit: pageRows, ...(cursor !== undefined && { cursor }) });
    await store.upsert(to, page.rows);
    done += page.rows.length;
    report(`${from} → ${to}`, done, total);
    cursor = page.cursor;
  } while (cursor !== undefined);
  const [left, arrived] = [await store.count(from), await store.count(to)];
  if (arrived < left)
    throw new AppError(
      "CONFLICT",
      `${to} has ${arrived} rows and ${from} has ${left}: documents were written meanwhile. Search goes on; run the same command again, best while nothing is being ingested`,
    );
};

/**
 * Makes a served collection anew, with today's index, shards and partition key, and all its rows. Its name is where
 * writers write, so it stays: rows go into a copy, the alias moves there, the collection is dropped and made, rows come
 * back, the alias comes back, the copy goes. Search finds everything all the time. Interrupted at any point, the same
 * call goes on.
 *
 * Rows that are written or deleted meanwhile are put right by reconcile, which compares every document with its ledger
 * entry: what is missing is read again, what should be gone goes.
 *
 * @param alias that search reads the collection by
 * @throws AppError `CONFLICT` where the alias reads another collection, or rows were written meanwhile
 */
export const rebuildCollection = async (
  store: RebuildStore,
  spec: CollectionSpec,
  alias: string,
  report: RebuildProgress = () => {},
): Promise<number> => {
  const copy = { ...spec, name: copyName(spec.name) };
  const served = (await store.resolve(alias))?.name ?? null;
  if (served !== spec.name && served !== copy.name)
    throw new AppError(
      "CONFLICT",
      `search does not read ${spec.name} (${alias} is ${served ?? "not there"}): only a collection that it reads is rebuilt. Drop the other; reindexing fills it`,
    );
  if (served === spec.name) {
    const there = await store.collections();
    // Of an interrupted call: nobody knows how much of it is right.
    if (there.some(({ name }) => name === copy.name)) await store.drop(copy.name);
    await store.ensure(copy);
    await copyRows(store, spec.name, copy.name, report);
    await store.setAlias(alias, copy.name);
    await store.drop(spec.name);
  }
  // From here the copy is whole, and what may be left of the collection is from an interrupted call or a writer.
  await store.ensure(spec);
  await copyRows(store, copy.name, spec.name, report);
  await store.setAlias(alias, spec.name);
  await store.drop(copy.name);
  return store.count(spec.name);
};
