import { checkSearch } from "../collections.ts";
import { byScore, fuse, fusionDepth, type Ranked } from "../fusion.ts";
import type { ScoredRow, SearchRequest } from "../store.ts";
import { wordsOfQuery } from "../words.ts";
import type { Located } from "./catalogue.ts";
import type { Sql } from "./connection.ts";
import { compileFilter, type Fragment } from "./filter-sql.ts";
import { countRows, fetchRows, matchingRows } from "./rows.ts";
import type { Tables } from "./schema.ts";
import { keep, nearest, refresh, type ScoredNumber, slotsOf, type VectorCache } from "./vectors.ts";

const everything: Fragment = { sql: "1", values: [] };

/** The rows that are still there, with their ids, best first; their number beside the number asked tells of lost ones. */
const withIds = (sql: Sql, { rows }: Tables, scored: readonly ScoredNumber[], limit: number) => {
  const find = sql(`SELECT id FROM ${rows} WHERE "row" = ?`);
  const ranked = scored.flatMap(({ number, score }) => {
    const record = find.get(number);
    return record ? [{ id: String(record.id), score }] : [];
  });
  return { ranked: ranked.sort(byScore).slice(0, limit), lost: scored.length - ranked.length };
};

const dense = (
  sql: Sql,
  tables: Tables,
  cache: VectorCache,
  query: Float32Array,
  limit: number,
  where: Fragment | null,
): Ranked[] => {
  const live = countRows(sql, tables);
  refresh(sql, tables, cache, live);
  if (where) {
    const slots = slotsOf(cache, matchingRows(sql, tables, where));
    return withIds(sql, tables, nearest(cache, query, limit, slots), limit).ranked;
  }
  if (cache.size <= 1.5 * live + 1024) {
    const { ranked, lost } = withIds(sql, tables, nearest(cache, query, limit, null), limit);
    if (lost === 0) return ranked;
  }
  keep(cache, slotsOf(cache, matchingRows(sql, tables, everything)));
  return withIds(sql, tables, nearest(cache, query, limit, null), limit).ranked;
};

/** Any of the words, each as a string of FTS5: quoted, so that nothing in it is syntax. */
const matchAny = (words: readonly string[]): string =>
  words.map((word) => `"${word.replaceAll('"', '""')}"`).join(" OR ");

/** BM25 over all words; `bm25()` is smaller for better rows. */
const sparse = (sql: Sql, tables: Tables, text: string, limit: number, where: Fragment | null): Ranked[] => {
  const words = wordsOfQuery(text);
  if (words.length === 0 || limit === 0) return [];
  // The plus keeps SQLite from asking the index again for each row of the filter.
  const only = where ? `AND +rowid IN (SELECT "row" FROM ${tables.rows} WHERE ${where.sql})` : "";
  const asked = [matchAny(words), ...(where?.values ?? [])];
  const matching = `FROM ${tables.words} WHERE ${tables.words} MATCH ? ${only}`;
  // Sorting by bm25() takes two thirds of the time of FTS5's own `ORDER BY rank`.
  const best = sql(
    `SELECT rowid AS number, bm25(${tables.words}) AS score ${matching} ORDER BY score LIMIT ?`,
  );
  const scored = (count: number): ScoredNumber[] =>
    best.all(...asked, count).map(({ number, score }) => ({ number: Number(number), score: -Number(score) }));
  const list = scored(limit + 1);
  const least = list[limit - 1]?.score ?? 0;
  // Rows beyond the cut tie with the last before it: the ids of all of them decide.
  const candidates = list[limit]?.score === least ? scored(-1).filter(({ score }) => score >= least) : list;
  return withIds(sql, tables, candidates, limit).ranked;
};

const rank = (
  sql: Sql,
  { spec, tables }: Located,
  cache: () => VectorCache,
  request: SearchRequest,
): Ranked[] => {
  const { vector, text } = checkSearch(request, spec);
  const where = request.filter ? compileFilter(request.filter) : null;
  const depth = request.mode === "hybrid" ? fusionDepth(request.limit) : request.limit;
  const lists = [
    vector && dense(sql, tables, cache(), vector, depth, where),
    text !== null && sparse(sql, tables, text, depth, where),
  ].filter((list) => Array.isArray(list));
  return request.mode === "hybrid" ? fuse(lists, request.limit) : (lists[0] ?? []);
};

/** All within one transaction: what is ranked is there to be fetched. `cache` is asked for only if vectors are. */
export const searchRows = (
  sql: Sql,
  collection: Located,
  cache: () => VectorCache,
  request: SearchRequest,
): ScoredRow[] => {
  const ranked = rank(sql, collection, cache, request);
  const rows = fetchRows(
    sql,
    collection.tables,
    ranked.map(({ id }) => id),
  );
  return rows.flatMap((row, i) => {
    const hit = ranked[i];
    return hit ? [{ ...row, score: hit.score }] : [];
  });
};
