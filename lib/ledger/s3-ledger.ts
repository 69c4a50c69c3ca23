import { z } from "zod";
import type { Bucket } from "../aws/bucket.ts";
import { readText } from "../aws/read-body.ts";
import { AppError } from "../errors.ts";
import { documentId } from "../ids.ts";
import { mapConcurrent } from "../map-concurrent.ts";
import { entryKey, entryPrefix } from "./entry-key.ts";
import { type Ledger, type LedgerEntry, ledgerEntry, type ReadEntry } from "./ledger.ts";

export type LedgerOptions = {
  /** The state bucket. */
  readonly state: Bucket;
  /** Name of the document bucket that the ledger is about. */
  readonly bucket: string;
  /** ms since 1970 */
  readonly clock: () => number;
  /** Never the same twice, in any process. */
  readonly nonce: () => string;
};

const idEntry = z.object({ version: z.literal(1), key: z.string() });
const idKey = (id: string): string => `ids/${id}.json`;
const concurrentReads = 16;

const parseJson = <T>(schema: z.ZodType<T>, text: string, name: string, where: string): T => {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError(
      "INTERNAL",
      `${name} in bucket ${where} is not a ledger entry that this version understands: ${cause instanceof z.ZodError ? z.prettifyError(cause) : cause}. Delete it to have its document ingested again.`,
      { cause },
    );
  }
};

/**
 * The ledger on S3's conditional writes: `ledger/<escaped key>.json`, found by id through `ids/<document id>.json`.
 * @throws AppError `INTERNAL` for an entry that cannot be understood, with its name; `AWS_UNAVAILABLE` for outages.
 */
export const ledgerOver = ({ state, bucket, clock, nonce }: LedgerOptions): Ledger => {
  const readName = async (name: string): Promise<ReadEntry | null> => {
    const object = await state.get(name);
    if (object === null) return null;
    const entry = parseJson(ledgerEntry, await readText(object.body), name, state.name);
    return { ...entry, etag: object.etag };
  };

  const read = (key: string): Promise<ReadEntry | null> => readName(entryKey(key));

  const swap: Ledger["swap"] = async (key, previous, change) => {
    const id = documentId(bucket, key);
    const entry: LedgerEntry = ledgerEntry.parse({
      ...change,
      version: 1,
      documentId: id,
      bucket,
      key,
      nonce: nonce(),
      updatedAt: clock(),
    });
    // Before the first entry, so that no document is there without being found by its id.
    if (previous === null) await state.put(idKey(id), JSON.stringify({ version: 1, key }));
    const answer = await state.put(entryKey(key), JSON.stringify(entry), {
      condition: previous === null ? { ifNoneMatch: "*" } : { ifMatch: previous.etag },
      contentType: "application/json",
    });
    if ("etag" in answer) return { ...entry, etag: answer.etag };
    // The SDK repeats a request whose reply was lost; the repetition fails on what the first one wrote.
    const current = await read(key);
    return current?.nonce === entry.nonce ? current : null;
  };

  const list: Ledger["list"] = async ({ prefix, cursor, limit }) => {
    const page = await state.list({
      prefix: entryPrefix(prefix),
      ...(cursor === undefined ? {} : { cursor }),
      ...(limit === undefined ? {} : { limit }),
    });
    const entries = await mapConcurrent(page.objects, concurrentReads, ({ key }) => readName(key));
    return {
      entries: entries.filter((entry) => entry?.key.startsWith(prefix) === true) as ReadEntry[],
      ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
    };
  };

  const find: Ledger["find"] = async (id) => {
    if (!/^[0-9a-f]{32}$/.test(id)) return null;
    const object = await state.get(idKey(id));
    if (object === null) return null;
    const { key } = parseJson(idEntry, await readText(object.body), idKey(id), state.name);
    return read(key);
  };

  return { read, swap, list, find };
};
