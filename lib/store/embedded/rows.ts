import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { ChunkRow } from "../../chunk-row.ts";
import type { VectorRow } from "../store.ts";
import { wordsOfText } from "../words.ts";
import type { Sql } from "./connection.ts";
import type { Fragment } from "./filter-sql.ts";
import type { Tables } from "./schema.ts";

/** Columns of the table of rows in the order of `valuesOf`. */
const columns = [
  "id",
  "documentId",
  "run",
  "ordinal",
  "tokens",
  "quality",
  "qualityFlags",
  "clusterId",
  "clusterVersion",
  "clusterDistance",
  "duplicateGroup",
  "key",
  "page",
  "heading",
  "charStart",
  "charEnd",
  "contentType",
  "modality",
  "language",
  "contentHash",
  "ingestedAt",
  "metadata",
] as const;

/** A row made ready outside of the write lock: cutting words is the slow part. */
export type PreparedRow = {
  readonly id: string;
  readonly values: readonly SQLInputValue[];
  readonly text: string;
  readonly vector: Uint8Array;
  readonly words: string;
  /** JSON; null: none. */
  readonly parent: string | null;
};

/** SQLite keeps UTF-8, which has no lone surrogates: they become U+FFFD in every column alike. */
const json = (value: unknown): string =>
  JSON.stringify(value, (_, part) => (typeof part === "string" ? part.toWellFormed() : part));

export const prepareRow = (row: ChunkRow): PreparedRow => ({
  id: row.id,
  values: columns.map((column): SQLInputValue => {
    const value = row[column];
    return typeof value === "object" && value !== null ? json(value) : value;
  }),
  text: row.text,
  vector: new Uint8Array(row.vector.buffer, row.vector.byteOffset, row.vector.byteLength),
  words: wordsOfText(row.text).join(" "),
  parent: row.parent ? json(row.parent) : null,
});

/** Rows leave all tables by their numbers, given as a JSON list. */
const remove = (sql: Sql, { rows, texts, vectors, words, parents }: Tables, numbers: string): void => {
  sql(`DELETE FROM ${words} WHERE rowid IN (SELECT value FROM json_each(?))`).run(numbers);
  for (const table of [parents, vectors, texts, rows])
    sql(`DELETE FROM ${table} WHERE "row" IN (SELECT value FROM json_each(?))`).run(numbers);
};

/** Puts rows under new numbers; old rows of the same ids go. */
export const write = (sql: Sql, tables: Tables, rows: readonly PreparedRow[]): void => {
  const old = sql(
    `SELECT json_group_array("row") AS numbers FROM ${tables.rows} WHERE id IN (SELECT value FROM json_each(?))`,
  ).get(JSON.stringify(rows.map(({ id }) => id)));
  if (old && old.numbers !== "[]") remove(sql, tables, String(old.numbers));
  const insertRow = sql(
    `INSERT INTO ${tables.rows} (${columns.map((name) => `"${name}"`).join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
  );
  const insertText = sql(`INSERT INTO ${tables.texts} ("row", "text") VALUES (?, ?)`);
  const insertVector = sql(`INSERT INTO ${tables.vectors} ("row", "vector") VALUES (?, ?)`);
  const insertWords = sql(`INSERT INTO ${tables.words} (rowid, words) VALUES (?, ?)`);
  const insertParent = sql(`INSERT INTO ${tables.parents} ("row", "parent") VALUES (?, ?)`);
  for (const { values, text, vector, words, parent } of rows) {
    const { lastInsertRowid: row } = insertRow.run(...values);
    insertText.run(row, text);
    insertVector.run(row, vector);
    insertWords.run(row, words);
    if (parent !== null) insertParent.run(row, parent);
  }
};

/** Deletes what matches; gives how many rows went. */
export const erase = (sql: Sql, tables: Tables, where: Fragment): number => {
  const numbers = matchingRows(sql, tables, where);
  if (numbers.length > 0) remove(sql, tables, JSON.stringify(numbers));
  return numbers.length;
};

/** Numbers of the rows that match, ascending. One JSON text is several times faster than a result row each. */
export const matchingRows = (sql: Sql, { rows }: Tables, where: Fragment): number[] => {
  const found = sql(`SELECT json_group_array("row") AS numbers FROM ${rows} WHERE ${where.sql}`).get(
    ...where.values,
  );
  const numbers: number[] = JSON.parse(String(found?.numbers));
  return numbers.sort((a, b) => a - b);
};

export const countRows = (sql: Sql, { rows }: Tables, where?: Fragment): number => {
  const counted = where
    ? sql(`SELECT count(*) AS rows FROM ${rows} WHERE ${where.sql}`).get(...where.values)
    : sql(`SELECT count(*) AS rows FROM ${rows}`).get();
  return Number(counted?.rows);
};

/** Statement that gives whole rows; CROSS JOIN keeps SQLite from starting at texts or vectors. */
const selectRows = ({ rows, texts, vectors, parents }: Tables, rest: string): string =>
  `SELECT ${columns.map((name) => `r."${name}"`).join(", ")}, t."text", v."vector", p."parent"
   FROM ${rows} r CROSS JOIN ${texts} t ON t."row" = r."row" CROSS JOIN ${vectors} v ON v."row" = r."row"
   LEFT JOIN ${parents} p ON p."row" = r."row" ${rest}`;

/** Node gives each blob a buffer of its own, so this is no view into anything shared. */
export const floatsOf = (blob: SQLOutputValue | undefined): Float32Array => {
  const { buffer, byteOffset, byteLength } = blob as Uint8Array<ArrayBuffer>;
  return new Float32Array(buffer, byteOffset, byteLength / Float32Array.BYTES_PER_ELEMENT);
};

/** A record of `selectRows` as the row that was written. */
const rowOf = (record: Record<string, SQLOutputValue>): ChunkRow => {
  const { vector, qualityFlags, metadata, parent, ...plain } = record;
  // Written by `prepareRow` from a ChunkRow, into typed columns.
  const row = plain as Omit<ChunkRow, "vector" | "qualityFlags" | "metadata" | "parent">;
  return {
    ...row,
    ...(typeof parent === "string" && { parent: JSON.parse(parent) }),
    qualityFlags: JSON.parse(String(qualityFlags)),
    metadata: JSON.parse(String(metadata)),
    vector: floatsOf(vector),
  };
};

/** Rows by id, in the order of `ids`. */
export const fetchRows = (sql: Sql, tables: Tables, ids: readonly string[]): ChunkRow[] => {
  const find = sql(selectRows(tables, "WHERE r.id = ?"));
  return ids.flatMap((id) => {
    const record = find.get(id);
    return record ? [rowOf(record)] : [];
  });
};

/** Condition for at most so many matching rows after an id; it keeps texts and vectors out of the sort. */
const pageWhere = (tables: Tables, where: Fragment): string =>
  `WHERE r."row" IN (SELECT "row" FROM ${tables.rows} WHERE id > ? AND (${where.sql}) ORDER BY id LIMIT ?) ORDER BY r.id`;

/** At most `limit` matching rows after an id, in order of id. */
export const pageRows = (
  sql: Sql,
  tables: Tables,
  where: Fragment,
  after: string,
  limit: number,
): ChunkRow[] =>
  sql(selectRows(tables, pageWhere(tables, where)))
    .all(after, ...where.values, limit)
    .map(rowOf);

/** The same of ids and vectors. */
export const pageVectors = (
  sql: Sql,
  tables: Tables,
  where: Fragment,
  after: string,
  limit: number,
): VectorRow[] =>
  sql(
    `SELECT r."id", v."vector" FROM ${tables.rows} r CROSS JOIN ${tables.vectors} v ON v."row" = r."row" ${pageWhere(tables, where)}`,
  )
    .all(after, ...where.values, limit)
    .map(({ id, vector }) => ({ id: String(id), vector: floatsOf(vector) }));
