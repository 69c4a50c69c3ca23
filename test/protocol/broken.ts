import { aliasNames } from "../../lib/steps/collections.ts";
import { gcStep } from "../../lib/steps/gc.ts";
import type { Filter } from "../../lib/store/filter.ts";
import { collection, type Sabotage } from "./world.ts";

/**
 * The protocol's rules, each broken on purpose: the checker must find the harm, or it finds nothing at all.
 * What looks like a simplification of the steps is here if somebody could come to make it.
 */
export const brokenRules = {
  "garbage is every run but the ledger's": {
    gc: (deps) => async (key) => {
      const entry = await deps.ledger.read(key);
      if (entry === null) return 0;
      const others: Filter = {
        and: [
          { field: "documentId", op: "eq", value: entry.documentId },
          { field: "run", op: "ne", value: entry.run },
        ],
      };
      let collected = 0;
      for (const { name } of await deps.store.collections())
        collected += await deps.store.delete(name, others);
      return collected;
    },
  },
  "garbage is never collected": { gc: () => async () => 0 },
  "pictures are never garbage": {
    gc: (deps) => {
      const collections = async () =>
        (await deps.store.collections()).filter(
          ({ name }) => !name.startsWith(aliasNames(collection).images),
        );
      return gcStep({ ...deps, store: { ...deps.store, collections } });
    },
  },
  "the receipt is put before the rows": {
    writeStore: (store, receipts) => ({
      ...store,
      upsert: async (name, rows) => {
        const [row] = rows;
        // Any batch number will do: chunks of a batch are few.
        if (row !== undefined)
          for (const batch of [0, 1, 2, 3])
            await receipts.put(row.documentId, row.run, batch, { stored: rows.length, low: 0, dropped: 0 });
        await store.upsert(name, rows);
      },
    }),
  },
  "a writer does not look at the ledger again after its upsert": {
    writeLedger: (ledger) => {
      let first: ReturnType<typeof ledger.read> | null = null;
      let reads = 0;
      return {
        ...ledger,
        read: (key) => {
          reads += 1;
          first ??= ledger.read(key);
          return reads <= 2 ? first : ledger.read(key);
        },
      };
    },
  },
  "the object is not looked at again after a swap": {
    parseBucket: (bucket) => {
      let seen: Awaited<ReturnType<typeof bucket.get>> = null;
      let tags: ReturnType<typeof bucket.tags> | null = null;
      return {
        ...bucket,
        get: async (key) => {
          tags = null;
          seen = await bucket.get(key);
          return seen;
        },
        head: async () => seen,
        tags: (key) => {
          tags ??= bucket.tags(key);
          return tags;
        },
      };
    },
  },
  "the tags are not read": { parseBucket: (bucket) => ({ ...bucket, tags: async () => ({}) }) },
  "swaps are blind": {
    ledgerState: (state) => ({
      ...state,
      put: (key, body, options) => state.put(key, body, { contentType: options?.contentType ?? "" }),
    }),
  },
  "another reading of the same revision keeps its run": {
    ledger: (ledger) => ({
      ...ledger,
      swap: (key, previous, change) => {
        const sameRevision =
          previous !== null && previous.plan !== null && previous.revision === change.revision;
        const kept =
          sameRevision && change.state === "processing" ? { ...change, run: previous.run } : change;
        return ledger.swap(key, previous, kept);
      },
    }),
  },
  "a document that failed for good keeps its old rows": {
    ledger: (ledger) => ({
      ...ledger,
      swap: (key, previous, change) => {
        const served =
          change.state === "failed" && change.served === null ? (previous?.served ?? null) : change.served;
        return ledger.swap(key, previous, { ...change, served });
      },
    }),
  },
} as const satisfies Record<string, Sabotage>;
