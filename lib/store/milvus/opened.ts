import { AppError } from "../../errors.ts";
import { openLayout } from "./catalogue.ts";
import type { Connection } from "./connection.ts";
import { type BuiltIndex, describeIndexes, indexSetting, readVectorIndex } from "./index-building.ts";
import type { IndexSetting } from "./indexes.ts";
import { loadedFor } from "./loading.ts";
import type { Consistency, MilvusOptions } from "./options.ts";
import type { Target } from "./reads.ts";
import { type Layout, rowFieldsOf } from "./schema.ts";

/** A collection as calls need to know it. */
export type Opened = { readonly layout: Layout; readonly index: IndexSetting };

type Work<T> = (opened: Opened, target: (level: Consistency) => Target) => Promise<T>;

/** Both may be said because of what was thought of a collection that was made anew meanwhile. */
const mayBeOutdated = (error: unknown): boolean =>
  error instanceof AppError && (error.code === "STORE_REFUSED" || error.code === "NOT_AVAILABLE");

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What names stand for, looked up once and again whenever the server refuses something. */
export type OpenedCollections = {
  /** Works on a collection or an alias, loaded. @throws AppError `STORE_REFUSED` where there is none */
  use<T>(name: string, work: Work<T>): Promise<T>;
  /** Writes go to the physical collection: an alias may have moved since it was looked up. */
  physical(name: string): Promise<string>;
  forget(name: string): void;
  /** A collection as it was just seen: what is known of it otherwise is from before it was made anew, and forgotten. */
  compare(seen: Layout): void;
  clear(): void;
};

/** The index as it is, which need not be the one that kettle.yml asks for by now. */
const searchedIndex = (wanted: IndexSetting, built: BuiltIndex | null): IndexSetting => {
  if (built === null) return wanted;
  const { type, metric, build } = built;
  return { ...wanted, type, metric, build, search: type === wanted.type ? wanted.search : {} };
};

export const openedCollections = (connection: Connection, options: MilvusOptions): OpenedCollections => {
  const known = new Map<string, Opened>();
  const open = async (name: string): Promise<Opened> => {
    const layout = await openLayout(connection, name);
    const built = readVectorIndex(await describeIndexes(connection, name));
    const opened = { layout, index: searchedIndex(indexSetting(layout, options), built) };
    known.set(name, opened);
    return opened;
  };
  return {
    async use(name, work) {
      const run = (opened: Opened) => {
        const rowFields = rowFieldsOf(opened.layout);
        const target = (level: Consistency): Target => ({ connection, name, level, rowFields });
        return loadedFor(connection, name, options, () => work(opened, target));
      };
      const before = known.get(name);
      if (before === undefined) return run(await open(name));
      try {
        return await run(before);
      } catch (error) {
        if (!mayBeOutdated(error)) throw error;
        known.delete(name);
        const now = await open(name);
        // Refused for what was asked, not for what was thought of the collection.
        if (same(now, before)) throw error;
        return run(now);
      }
    },
    async physical(name) {
      if (known.get(name)?.layout.spec.name === name) return name;
      return (await openLayout(connection, name)).spec.name;
    },
    forget: (name) => void known.delete(name),
    compare(seen) {
      for (const [name, { layout }] of known)
        if (layout.spec.name === seen.spec.name && !same(layout, seen)) known.delete(name);
    },
    clear: () => known.clear(),
  };
};
