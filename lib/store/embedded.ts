import { checkLimit, checkName, checkRows } from "./collections.ts";
import { create, drop, isThere, type Located, list, locate, open, point } from "./embedded/catalogue.ts";
import { connect, type Sql } from "./embedded/connection.ts";
import { compileFilter, type Fragment } from "./embedded/filter-sql.ts";
import { countRows, erase, fetchRows, pageRows, pageVectors, prepareRow, write } from "./embedded/rows.ts";
import type { Tables } from "./embedded/schema.ts";
import { searchRows } from "./embedded/search.ts";
import { type VectorCache, vectorCache } from "./embedded/vectors.ts";
import type { ScanOptions, ScanPage, VectorRow, VectorStore } from "./store.ts";

export type EmbeddedOptions = {
  /** The file; it and its folder are made with the first call. */
  readonly path: string;
  /** How long a write waits for other processes' writes; then it is `STORE_UNAVAILABLE`. */
  readonly busyMs?: number;
};

/** Caches by the number of the collection; those of dropped collections go when another is made. */
const cacheOf = (caches: Map<number, VectorCache>, sql: Sql, { number, spec }: Located): VectorCache => {
  const existing = caches.get(number);
  if (existing) return existing;
  const there = sql("SELECT 1 FROM collections WHERE collection = ?");
  for (const other of caches.keys()) if (!there.get(other)) caches.delete(other);
  const cache = vectorCache(spec.dimension);
  caches.set(number, cache);
  return cache;
};

/**
 * The vector store of one machine: SQLite in one file, for any number of processes at once, safe against kill −9.
 *
 * - dense: exact cosine over vectors kept in this process's memory (4 bytes × dimension a row, read with the first
 *   dense search, then only what is new);
 * - sparse: BM25 of FTS5 (k1 = 1.2, b = 0.75) over words of `Intl.Segmenter` and pairs of ideographs;
 * - hybrid: reciprocal rank fusion of both.
 *
 * SQLite is synchronous: a call holds its thread while it works, a write also while it waits for another process's.
 * @throws AppError `STORE_UNAVAILABLE` from every call while the file cannot be used: busy, full, damaged, foreign.
 */
export const embeddedStore = ({ path, busyMs = 10_000 }: EmbeddedOptions): VectorStore => {
  const connection = connect({ path, busyMs });
  const caches = new Map<number, VectorCache>();
  /** A page by one of the statements for pages; one row more says that there is more. */
  const page = <Row extends VectorRow>(
    name: string,
    { filter, cursor, limit }: ScanOptions,
    read: (sql: Sql, tables: Tables, where: Fragment, after: string, limit: number) => readonly Row[],
  ): ScanPage<Row> => {
    checkLimit(limit, 1);
    const where = filter ? compileFilter(filter) : { sql: "1", values: [] };
    // Ids are never empty, so the empty string is before all of them.
    const rows = connection.read((sql) => read(sql, open(sql, name).tables, where, cursor ?? "", limit + 1));
    const last = rows[limit - 1];
    return { rows: rows.slice(0, limit), ...(rows.length > limit && last && { cursor: last.id }) };
  };
  return {
    async ensure(spec) {
      checkName(spec.name);
      if (connection.read((sql) => isThere(sql, spec))) return;
      connection.write((sql) => isThere(sql, spec) || create(sql, spec));
    },
    collections: async () => connection.read(list),
    drop: async (name) => connection.write((sql) => drop(sql, name)),
    async setAlias(alias, name) {
      checkName(alias);
      connection.write((sql) => point(sql, alias, name));
    },
    resolve: async (name) => connection.read((sql) => locate(sql, name)?.spec ?? null),
    async upsert(name, rows) {
      const { spec } = connection.read((sql) => open(sql, name));
      const prepared = checkRows(rows, spec).map(prepareRow);
      if (prepared.length === 0) return;
      connection.write((sql) => {
        const now = open(sql, name);
        // The alias may have moved to a collection of another dimension.
        if (now.spec.name !== spec.name) checkRows(rows, now.spec);
        write(sql, now.tables, prepared);
      });
    },
    async delete(name, filter) {
      const where = compileFilter(filter);
      return connection.write((sql) => erase(sql, open(sql, name).tables, where));
    },
    async count(name, filter) {
      const where = filter && compileFilter(filter);
      return connection.read((sql) => countRows(sql, open(sql, name).tables, where));
    },
    fetch: async (name, ids) => connection.read((sql) => fetchRows(sql, open(sql, name).tables, ids)),
    async search(name, request) {
      checkLimit(request.limit, 0);
      return connection.read((sql) => {
        const collection = open(sql, name);
        return searchRows(sql, collection, () => cacheOf(caches, sql, collection), request);
      });
    },
    scan: async (name, options) => page(name, options, pageRows),
    scanVectors: async (name, options) => page(name, options, pageVectors),
    async close() {
      connection.close();
      caches.clear();
    },
  };
};
