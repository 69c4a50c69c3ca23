import type { DatabaseSync } from "node:sqlite";
import { AppError } from "../../errors.ts";

/** "Ktle", in the header of each file that is ours. */
const applicationId = 0x4b746c65;
/** 2: tables of parents. */
const schemaVersion = 2;

const catalogue = `
  CREATE TABLE IF NOT EXISTS collections (
    collection INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    dimension INTEGER NOT NULL,
    identity TEXT NOT NULL,
    model TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS aliases (
    alias TEXT PRIMARY KEY,
    collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};`;

const pragma = (db: DatabaseSync, name: string): unknown =>
  Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];

const checkOwner = (db: DatabaseSync, path: string): "ours" | "older" | "empty" => {
  const owner = pragma(db, "application_id");
  const version = Number(pragma(db, "user_version"));
  if (owner === applicationId && version <= schemaVersion) return version < schemaVersion ? "older" : "ours";
  if (owner === applicationId)
    throw new AppError(
      "STORE_UNAVAILABLE",
      `the store ${path} was written by a newer Kettle (layout ${version}, this one knows ${schemaVersion}): update Kettle`,
    );
  const tables = db.prepare("SELECT count(*) AS tables FROM sqlite_schema").get();
  if (owner === 0 && tables?.tables === 0) return "empty";
  throw new AppError(
    "STORE_UNAVAILABLE",
    `${path} is a SQLite database of another program: choose another store.path, or move the file away`,
  );
};

/**
 * Switching an empty file to WAL needs it alone for a moment, and SQLite does not wait for that as it waits for locks:
 * processes that start together would fail.
 */
const switchToWal = (db: DatabaseSync): void => {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let attempt = 0; ; attempt++) {
    try {
      db.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      Atomics.wait(pause, 0, 0, 20);
    }
  }
};

/** Files of version 1: their rows stay as they are, without parents. */
const addParents = (db: DatabaseSync): void => {
  for (const { collection } of db.prepare("SELECT collection FROM collections").all())
    db.exec(createParents(tablesOf(Number(collection)).parents));
  db.exec(`PRAGMA user_version = ${schemaVersion}`);
};

/**
 * Makes an empty file ours, brings an older one up to date and sets up the connection; does nothing to a file that is not ours.
 * @throws AppError `STORE_UNAVAILABLE` for a file of another program or of a newer version; SQLite's own errors.
 */
export const prepareFile = (db: DatabaseSync, path: string): void => {
  // Five vectors of 384 numbers on a page.
  db.exec("PRAGMA page_size = 8192");
  const found = checkOwner(db, path);
  if (found === "empty") switchToWal(db);
  if (found !== "ours") {
    db.exec("BEGIN IMMEDIATE");
    // Another process may have been first.
    const now = checkOwner(db, path);
    if (now === "empty") db.exec(catalogue);
    if (now === "older") addParents(db);
    db.exec("COMMIT");
  }
  // FULL: a receipt on the ledger says that the rows are there, also after a power cut.
  db.exec("PRAGMA synchronous = FULL; PRAGMA cache_size = -32768; PRAGMA journal_size_limit = 67108864;");
};

/** Tables of one collection. What filters read stands apart from texts and vectors, so that a scan of it stays short. */
export type Tables = {
  readonly rows: string;
  readonly texts: string;
  readonly vectors: string;
  readonly words: string;
  /** Only of rows that have one. */
  readonly parents: string;
};

/** Numbers are never used again, so a name stands for one table for ever. */
export const tablesOf = (collection: number): Tables => ({
  rows: `rows_${collection}`,
  texts: `texts_${collection}`,
  vectors: `vectors_${collection}`,
  words: `words_${collection}`,
  parents: `parents_${collection}`,
});

const createParents = (parents: string): string =>
  `CREATE TABLE ${parents} ("row" INTEGER PRIMARY KEY, "parent" TEXT NOT NULL) STRICT`;

/** AUTOINCREMENT: a row number is never used again either, so "greater than the last I saw" means new. */
export const createTables = ({ rows, texts, vectors, words, parents }: Tables): readonly string[] => [
  `CREATE TABLE ${rows} (
    "row" INTEGER PRIMARY KEY AUTOINCREMENT,
    "id" TEXT NOT NULL UNIQUE,
    "documentId" TEXT NOT NULL,
    "run" INTEGER NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "tokens" INTEGER NOT NULL,
    "quality" REAL NOT NULL,
    "qualityFlags" TEXT NOT NULL,
    "clusterId" INTEGER NOT NULL,
    "clusterVersion" INTEGER NOT NULL,
    "clusterDistance" REAL NOT NULL,
    "duplicateGroup" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "page" INTEGER,
    "heading" TEXT NOT NULL,
    "charStart" INTEGER NOT NULL,
    "charEnd" INTEGER NOT NULL,
    "contentType" TEXT NOT NULL,
    "modality" TEXT NOT NULL,
    "language" TEXT NOT NULL,
    "contentHash" TEXT NOT NULL,
    "ingestedAt" INTEGER NOT NULL,
    "metadata" TEXT NOT NULL
  ) STRICT`,
  `CREATE INDEX ${rows}_document ON ${rows} ("documentId", "run")`,
  `CREATE INDEX ${rows}_key ON ${rows} ("key")`,
  `CREATE TABLE ${texts} ("row" INTEGER PRIMARY KEY, "text" TEXT NOT NULL) STRICT`,
  `CREATE TABLE ${vectors} ("row" INTEGER PRIMARY KEY, "vector" BLOB NOT NULL) STRICT`,
  // Porter's stemmer joins English word forms (Cranfield: nDCG@10 .368 → .385) and touches nothing else.
  // `ascii` leaves everything beyond ASCII alone: words come cut and folded, and the tables of `unicode61` end with
  // Unicode 6.1, so it would drop newer ideographs.
  `CREATE VIRTUAL TABLE ${words} USING fts5(words, content='', contentless_delete=1, tokenize='porter ascii')`,
  createParents(parents),
];

export const dropTables = (tables: Tables): readonly string[] =>
  Object.values(tables).map((table) => `DROP TABLE ${table}`);
