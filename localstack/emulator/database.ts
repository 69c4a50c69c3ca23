import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { EmulatorError } from "./errors.ts";

/**
 * Buckets and queues share one database, so that an object and the notification that announces it are written in one
 * transaction: whenever the process dies, both are there or neither is.
 * Bodies of messages have a table of their own because SQLite rewrites a whole row when one column changes.
 */
const schema = `
CREATE TABLE IF NOT EXISTS buckets (
  name TEXT PRIMARY KEY, created_at INTEGER NOT NULL, notifications TEXT NOT NULL, cors TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS objects (
  bucket TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, modified_at INTEGER NOT NULL,
  headers TEXT NOT NULL, metadata TEXT NOT NULL, checksums TEXT NOT NULL, segments TEXT NOT NULL, inline BLOB,
  tags TEXT NOT NULL DEFAULT '{}', PRIMARY KEY (bucket, key)
) STRICT;
CREATE TABLE IF NOT EXISTS uploads (
  id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, started_at INTEGER NOT NULL,
  headers TEXT NOT NULL, metadata TEXT NOT NULL, tags TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE TABLE IF NOT EXISTS parts (
  upload TEXT NOT NULL REFERENCES uploads(id) ON DELETE CASCADE, number INTEGER NOT NULL, size INTEGER NOT NULL,
  etag TEXT NOT NULL, segments TEXT NOT NULL, PRIMARY KEY (upload, number)
) STRICT;
CREATE TABLE IF NOT EXISTS queues (
  name TEXT PRIMARY KEY, attributes TEXT NOT NULL, tags TEXT NOT NULL,
  created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS messages (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL,
  queue TEXT NOT NULL REFERENCES queues(name) ON DELETE CASCADE, origin TEXT,
  body_md5 TEXT NOT NULL, attributes TEXT NOT NULL, sent_at INTEGER NOT NULL, visible_at INTEGER NOT NULL,
  receives INTEGER NOT NULL, first_received_at INTEGER, handle TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS messages_by_visibility ON messages (queue, visible_at, sequence);
CREATE UNIQUE INDEX IF NOT EXISTS messages_by_handle ON messages (handle) WHERE handle IS NOT NULL;
CREATE TABLE IF NOT EXISTS bodies (
  sequence INTEGER PRIMARY KEY REFERENCES messages(sequence) ON DELETE CASCADE, body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
`;

/** Raise it with every change of the schema, and say in `changes` how the version before becomes it. */
const schemaVersion = 2;

/** By the version that a database is of. */
const changes: Readonly<Record<number, string>> = {
  1: "ALTER TABLE objects ADD COLUMN tags TEXT NOT NULL DEFAULT '{}'; ALTER TABLE uploads ADD COLUMN tags TEXT NOT NULL DEFAULT '{}';",
};

const open = (path: string): DatabaseSync => {
  const database = new DatabaseSync(path, { timeout: 500, enableForeignKeyConstraints: true });
  try {
    // An exclusive lock lives and dies with the process: a second emulator on the same folder is refused.
    // NORMAL: what was committed survives the death of the process; only a power cut may lose the last moments.
    database.exec(
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000;",
    );
    const version = one<{ user_version: number }>(database.prepare("PRAGMA user_version"))?.user_version ?? 0;
    const change = changes[version] ?? "";
    if (version !== 0 && version !== schemaVersion && change === "")
      throw new Error(
        `it was written by another version of Kettle (${version}, this one is ${schemaVersion})`,
      );
    database.exec(`BEGIN IMMEDIATE; ${change} ${schema} PRAGMA user_version = ${schemaVersion}; COMMIT;`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
};

/**
 * @param dataDir created when missing
 * @throws EmulatorError `DATA_DIR_IN_USE` when another process has it open, `DATA_DIR_UNUSABLE` otherwise
 */
export const openDatabase = (dataDir: string): DatabaseSync => {
  try {
    mkdirSync(dataDir, { recursive: true });
    return open(join(dataDir, "emulator.db"));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/locked|busy/i.test(message))
      throw new EmulatorError("DATA_DIR_IN_USE", `${dataDir} is in use by another process`, { cause: error });
    throw new EmulatorError("DATA_DIR_UNUSABLE", `${dataDir} cannot be used: ${message}`, { cause: error });
  }
};

/** All or nothing. `work` is synchronous, so nothing else of this process comes in between. */
export const transaction = <Result>(database: DatabaseSync, work: () => Result): Result => {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
};

/** The types of rows are what the schema above says; SQLite's STRICT tables hold it to that. */
export const one = <Row>(statement: StatementSync, ...values: SQLInputValue[]): Row | undefined =>
  statement.get(...values) as Row | undefined;

export const all = <Row>(statement: StatementSync, ...values: SQLInputValue[]): Row[] =>
  statement.all(...values) as Row[];

export const each = <Row>(statement: StatementSync, ...values: SQLInputValue[]): Iterable<Row> =>
  statement.iterate(...values) as Iterable<Row>;
