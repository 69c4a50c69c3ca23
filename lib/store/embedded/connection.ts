import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { AppError } from "../../errors.ts";
import { storeFailure } from "./failures.ts";
import { prepareFile } from "./schema.ts";

/** Gives the prepared statement of a text; texts are the program's own, values are always bound. */
export type Sql = (text: string) => StatementSync;

export type Connection = {
  /** One snapshot for everything that `work` reads. */
  read<T>(work: (sql: Sql) => T): T;
  /** All of `work` or nothing; waits for other writers, of this process and of others. */
  write<T>(work: (sql: Sql) => T): T;
  close(): void;
};

export type ConnectionOptions = {
  readonly path: string;
  /** How long to wait for another process's write lock. */
  readonly busyMs: number;
};

/** Filters make statements of many shapes; the least recently used of more than this are dropped. */
const keptStatements = 128;

const statementCache = (db: DatabaseSync): Sql => {
  const kept = new Map<string, StatementSync>();
  return (text) => {
    const statement = kept.get(text) ?? db.prepare(text);
    kept.delete(text);
    kept.set(text, statement);
    const oldest = kept.keys().next().value;
    if (kept.size > keptStatements && oldest !== undefined) kept.delete(oldest);
    return statement;
  };
};

const openFile = ({ path, busyMs }: ConnectionOptions): DatabaseSync => {
  mkdirSync(dirname(path), { recursive: true });
  const db = new DatabaseSync(path, { timeout: busyMs });
  try {
    prepareFile(db, path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};

const transaction = <T>(db: DatabaseSync, begin: string, work: () => T): T => {
  db.exec(begin);
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    // A full disk ends the transaction by itself.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
};

/** Opens the file with the first call, so that a broken file is that call's typed failure, and tries again with the next. */
export const connect = (options: ConnectionOptions): Connection => {
  let opened: { readonly db: DatabaseSync; readonly sql: Sql } | null = null;
  let closed = false;

  const run = <T>(begin: string, work: (sql: Sql) => T): T => {
    if (closed) throw new AppError("STORE_UNAVAILABLE", `the store ${options.path} is closed`);
    try {
      if (opened === null) {
        const db = openFile(options);
        opened = { db, sql: statementCache(db) };
      }
      const { db, sql } = opened;
      return transaction(db, begin, () => work(sql));
    } catch (error) {
      throw storeFailure(options.path, error);
    }
  };

  return {
    read: (work) => run("BEGIN", work),
    write: (work) => run("BEGIN IMMEDIATE", work),
    close() {
      closed = true;
      opened?.db.close();
      opened = null;
    },
  };
};
