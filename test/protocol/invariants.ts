import type { ChunkRow } from "../../lib/chunk-row.ts";
import { documentId } from "../../lib/ids.ts";
import { entryKey } from "../../lib/ledger/entry-key.ts";
import { type LedgerEntry, ledgerEntry } from "../../lib/ledger/ledger.ts";
import { type Content, failureOf, picturesOf, threshold, variantsOf } from "./content.ts";
import { bucketName, names, type World } from "./world.ts";

export const entryOf = (world: World, key: string): LedgerEntry | null => {
  const object = world.state.objects.get(entryKey(key));
  return object === undefined
    ? null
    : ledgerEntry.parse(JSON.parse(Buffer.from(object.bytes).toString("utf8")));
};

const rowsOf = (world: World, name: string, key: string): readonly ChunkRow[] => {
  const id = documentId(bucketName, key);
  return [...(world.data.collections.get(name)?.rows.values() ?? [])].filter((row) => row.documentId === id);
};

const described = (entry: LedgerEntry | null): string => {
  if (entry === null) return "no entry";
  return entry.state === "failed" ? `failed ${entry.failure?.code}` : entry.state;
};

type Watched = {
  readonly key: string;
  readonly name: string;
  etag: string | null;
  entry: LedgerEntry | null;
  /** Rows of runs that were served, as the ledger counted them when they became ready. */
  readonly complete: Map<number, { readonly main: number; readonly low: number; readonly images: number }>;
};

const countsOf = ({ counts: { stored, lowQuality, images = 0 } }: LedgerEntry) => ({
  main: stored - images,
  low: lowQuality,
  images,
});

const wrongEntry = (seen: Watched, entry: LedgerEntry): string | null => {
  const before = seen.entry;
  seen.entry = entry;
  if (entry.state === "ready") seen.complete.set(entry.run, countsOf(entry));
  if (before !== null && entry.run < before.run) return "the run fell back";
  if (entry.state === "ready" && entry.served !== entry.run) return "ready without serving its run";
  return entry.state === "deleted" && entry.served !== null ? "a deleted document is served" : null;
};

const halfServed = (world: World, { key, entry, complete }: Watched): string | null => {
  if (entry === null || entry.served === null) return null;
  const { served } = entry;
  const want = complete.get(served);
  if (want === undefined) return `served run ${served} was never ready`;
  const count = (name: string) => rowsOf(world, name, key).filter(({ run }) => run === served).length;
  const [main, low, images] = [count(names.main), count(names.low), count(names.images)];
  return main === want.main && low === want.low && images === want.images
    ? null
    : `served run ${served} has ${main} + ${low} + ${images} rows of ${want.main} + ${want.low} + ${want.images}`;
};

const look = (world: World, seen: Watched): string | null => {
  const object = world.state.objects.get(seen.name);
  const moved = object !== undefined && object.etag !== seen.etag;
  seen.etag = object?.etag ?? null;
  const entry = moved ? entryOf(world, seen.key) : null;
  if (entry !== null) world.scheduler.seen.add(described(entry));
  return (entry === null ? null : wrongEntry(seen, entry)) ?? halfServed(world, seen);
};

/** Watches a schedule from the outside; called after every step, it gives what is wrong. */
export const watch = (world: World, keys: readonly string[]): (() => string | null) => {
  const watched = keys.map(
    (key): Watched => ({ key, name: entryKey(key), etag: null, entry: null, complete: new Map() }),
  );
  let rowsVersion = 0;
  return () => {
    const ledgerMoved = watched.some(
      ({ name, etag }) => (world.state.objects.get(name)?.etag ?? null) !== etag,
    );
    if (!ledgerMoved && rowsVersion === world.rowsVersion) return null;
    rowsVersion = world.rowsVersion;
    for (const seen of watched) {
      const wrong = look(world, seen);
      if (wrong !== null) return `${seen.key}: ${wrong}`;
    }
    return null;
  };
};

const sorted = (texts: readonly string[]): string => [...texts].sort().join(" ");

const textsOf = (rows: readonly ChunkRow[]): string => sorted(rows.map(({ text }) => text));

/** The chunks of the object, once, all of one reading, of the revision that the bucket holds. */
const wrongRows = (
  content: Content,
  { upload, team }: { readonly upload: string | undefined; readonly team: string | undefined },
  entry: LedgerEntry,
  main: readonly ChunkRow[],
  low: readonly ChunkRow[],
  images: readonly ChunkRow[],
): string | null => {
  const rows = [...main, ...low, ...images];
  if (rows.some(({ run }) => run !== entry.served)) return "rows of a run that is not served";
  if (rows.some(({ metadata }) => metadata.upload !== upload))
    return "rows with the metadata of another upload";
  if (rows.some(({ metadata }) => metadata.team !== team)) return "rows with other tags";
  const fits = variantsOf(content).some((chunks, variant) => {
    const good = chunks.filter(({ quality }) => quality >= threshold);
    const poor = chunks.filter(({ quality }) => quality < threshold);
    return (
      textsOf(main) === sorted(good.map(({ text }) => text)) &&
      textsOf(low) === sorted(poor.map(({ text }) => text)) &&
      textsOf(images) === sorted(picturesOf(content, variant).map(({ text }) => text))
    );
  });
  if (!fits) return `rows do not equal the object: ${textsOf(main)} | ${textsOf(low)} | ${textsOf(images)}`;
  const counted = countsOf(entry);
  const right =
    counted.main === main.length && counted.low === low.length && counted.images === images.length;
  return right ? null : "counts do not equal the rows";
};

const wrongForGood = (failure: string, entry: LedgerEntry, rows: number): string | null => {
  if (entry.state !== "failed" || entry.failure?.code !== failure)
    return `expected ${failure}, found ${described(entry)}`;
  return rows === 0 && entry.served === null ? null : `${rows} rows of a document that failed for good`;
};

const wrongGone = (entry: LedgerEntry | null, rows: number): string | null => {
  if (rows > 0) return `${rows} rows of a deleted document (${described(entry)})`;
  return entry === null || entry.state === "deleted"
    ? null
    : `the object is gone, the entry is ${described(entry)}`;
};

/** After everything has come to rest: the index equals the bucket. */
export const wrongAtRest = (world: World, key: string): string | null => {
  const object = world.documents.objects.get(key);
  const entry = entryOf(world, key);
  const main = rowsOf(world, names.main, key);
  const low = rowsOf(world, names.low, key);
  const images = rowsOf(world, names.images, key);
  const rows = main.length + low.length + images.length;
  if (object === undefined) return wrongGone(entry, rows);
  if (entry === null) return "an object without an entry";
  const content: Content = JSON.parse(Buffer.from(object.bytes).toString("utf8"));
  const failure = failureOf(content);
  if (failure !== null) return wrongForGood(failure, entry, rows);
  if (entry.state !== "ready") return `stuck: ${described(entry)}`;
  const labels = { upload: object.metadata.upload, team: object.tags.team };
  return wrongRows(content, labels, entry, main, low, images);
};
