import { checkLimit } from "./collections.ts";
import { dropCollection, ensureCollection, listCollections, lookUp, pointAlias } from "./milvus/catalogue.ts";
import { type Connection, connectMilvus } from "./milvus/connection.ts";
import { type OpenedCollections, openedCollections } from "./milvus/opened.ts";
import type { MilvusOptions } from "./milvus/options.ts";
import {
  countRows,
  matchingIds,
  type Prepared,
  prepareFilter,
  rowsById,
  type Scanned,
  scanRows,
  scanVectors,
  type Target,
} from "./milvus/reads.ts";
import { searchRows } from "./milvus/search.ts";
import { deleteIds, upsertRows } from "./milvus/writes.ts";
import type { ScanOptions, ScanPage, VectorRow, VectorStore } from "./store.ts";

type Catalogue = Pick<VectorStore, "ensure" | "collections" | "drop" | "setAlias" | "resolve">;

const catalogue = (connection: Connection, opened: OpenedCollections, options: MilvusOptions): Catalogue => ({
  async ensure(spec) {
    opened.forget(spec.name);
    await ensureCollection(connection, spec, options);
  },
  collections: () => listCollections(connection),
  async drop(name) {
    opened.forget(name);
    await dropCollection(connection, name);
  },
  async setAlias(alias, name) {
    opened.forget(alias);
    await pointAlias(connection, alias, name);
  },
  async resolve(name) {
    const found = await lookUp(connection, name);
    if (found.kind !== "ours") return null;
    opened.compare(found.layout);
    return found.layout.spec;
  },
});

/**
 * A Milvus server, 2.3 or newer, or milvus-lite.
 *
 * - Reads that the delivery protocol depends on (`count`, `fetch`, `scan`, and what `delete` deletes) are Strong: they
 *   see every write that returned. Searches have `consistency`.
 * - Dense search is as exact as its index, FLAT is exact; scores are exact cosines.
 * - A search gives at most 16,384 rows, 1,024 from a GPU index, whatever its limit.
 * - Filters mean what `match.ts` says: the server narrows as far as its language goes, the driver judges the rest.
 * - Every status of the server is read; every failure names operation, collection and the server's reason.
 */
export const milvusStore = (options: MilvusOptions): VectorStore => {
  const connection = connectMilvus(options);
  const opened = openedCollections(connection, options);
  const page = async <Row extends VectorRow>(
    name: string,
    { filter, cursor, limit }: ScanOptions,
    read: (target: Target, filter: Prepared, start: string, limit: number) => Promise<Scanned<Row>>,
  ): Promise<ScanPage<Row>> => {
    checkLimit(limit, 1);
    return opened.use(name, async ({ layout }, target) => {
      const prepared = await prepareFilter(connection, layout, filter);
      const { rows, more } = await read(target("Strong"), prepared, cursor ?? "", limit);
      const last = rows.at(-1);
      return { rows, ...(more && last && { cursor: last.id }) };
    });
  };
  return {
    ...catalogue(connection, opened, options),
    upsert: async (name, rows) =>
      opened.use(await opened.physical(name), ({ layout }) => upsertRows(connection, layout, rows)),
    delete: async (name, filter) =>
      opened.use(await opened.physical(name), async ({ layout }, target) => {
        const prepared = await prepareFilter(connection, layout, filter);
        const ids = await matchingIds(target("Strong"), prepared);
        await deleteIds(connection, layout.spec.name, ids);
        return ids.length;
      }),
    count: (name, filter) =>
      opened.use(name, async ({ layout }, target) =>
        countRows(target("Strong"), await prepareFilter(connection, layout, filter)),
      ),
    fetch: (name, ids, freshness) =>
      opened.use(name, async (_, target) => {
        const level = freshness === "asSearch" ? options.consistency : "Strong";
        const rows = await rowsById(target(level), ids);
        return ids.flatMap((id) => rows.get(id) ?? []);
      }),
    async search(name, request) {
      checkLimit(request.limit, 0);
      return opened.use(name, async (collection, target) => {
        const filter = await prepareFilter(connection, collection.layout, request.filter);
        return searchRows(target(options.consistency), collection, request, filter);
      });
    },
    scan: (name, options) => page(name, options, scanRows),
    scanVectors: (name, options) => page(name, options, scanVectors),
    async close() {
      opened.clear();
      await connection.close();
    },
  };
};
