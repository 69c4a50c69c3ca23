import {
  aliasDropped,
  aliasTaken,
  checkSameSpec,
  collectionTaken,
  missingCollection,
} from "../collections.ts";
import type { CollectionSpec } from "../store.ts";
import type { Sql } from "./connection.ts";
import { createTables, dropTables, type Tables, tablesOf } from "./schema.ts";

/** A collection with its number in the file. */
export type Located = { readonly number: number; readonly spec: CollectionSpec; readonly tables: Tables };

type Record = ReturnType<ReturnType<Sql>["get"]>;

const columns = "c.collection, c.name, c.dimension, c.identity, c.model";

const located = (record: Record): Located | null =>
  record
    ? {
        number: Number(record.collection),
        spec: {
          name: String(record.name),
          dimension: Number(record.dimension),
          identity: String(record.identity),
          model: String(record.model),
        },
        tables: tablesOf(Number(record.collection)),
      }
    : null;

const byName = (sql: Sql, name: string): Located | null =>
  located(sql(`SELECT ${columns} FROM collections c WHERE c.name = ?`).get(name));

const byAlias = (sql: Sql, alias: string): Located | null =>
  located(
    sql(`SELECT ${columns} FROM aliases a JOIN collections c USING (collection) WHERE a.alias = ?`).get(
      alias,
    ),
  );

/** What a collection name or alias stands for. */
export const locate = (sql: Sql, name: string): Located | null => byName(sql, name) ?? byAlias(sql, name);

/** @throws AppError `STORE_REFUSED` */
export const open = (sql: Sql, name: string): Located => {
  const found = locate(sql, name);
  if (!found) throw missingCollection(name);
  return found;
};

export const list = (sql: Sql): readonly CollectionSpec[] =>
  sql(`SELECT ${columns} FROM collections c ORDER BY c.name`)
    .all()
    .flatMap((record) => located(record)?.spec ?? []);

/** Whether the collection is there as wanted. @throws AppError when something else is there under its name. */
export const isThere = (sql: Sql, spec: CollectionSpec): boolean => {
  const existing = byName(sql, spec.name);
  if (existing) checkSameSpec(existing.spec, spec);
  else if (byAlias(sql, spec.name)) throw aliasTaken(spec.name);
  return existing !== null;
};

export const create = (sql: Sql, { name, dimension, identity, model }: CollectionSpec): void => {
  const { lastInsertRowid } = sql(
    "INSERT INTO collections (name, dimension, identity, model) VALUES (?, ?, ?, ?)",
  ).run(name, dimension, identity, model);
  for (const statement of createTables(tablesOf(Number(lastInsertRowid)))) sql(statement).run();
};

export const drop = (sql: Sql, name: string): void => {
  const { number, spec, tables } = open(sql, name);
  if (spec.name !== name) throw aliasDropped(name);
  for (const statement of dropTables(tables)) sql(statement).run();
  sql("DELETE FROM collections WHERE collection = ?").run(number);
};

export const point = (sql: Sql, alias: string, name: string): void => {
  const { number } = open(sql, name);
  if (byName(sql, alias)) throw collectionTaken(alias);
  sql(
    "INSERT INTO aliases (alias, collection) VALUES (?, ?) ON CONFLICT (alias) DO UPDATE SET collection = excluded.collection",
  ).run(alias, number);
};
