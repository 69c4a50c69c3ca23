import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StartError } from "./options.ts";

export type DataLock = {
  /** Tells a second start who holds the folder: free text, one line. */
  describe(text: string): void;
  /** Was the folder given back when it was last used? False after a kill −9. */
  readonly wasClean: boolean;
  release(): void;
};

/**
 * Takes a data folder for this process alone.
 *
 * The lock is the operating system's own, through an exclusive SQLite transaction: it goes with its process however
 * that ends, so there are no stale locks to recover and no process ids to mistake for another's. `stack.json` beside
 * it only says who holds it.
 * @throws StartError when another process holds it
 */
export const lockDataDir = (dataDir: string): DataLock => {
  mkdirSync(dataDir, { recursive: true });
  const notePath = join(dataDir, "stack.json");
  const database = new DatabaseSync(join(dataDir, "lock.sqlite"), { timeout: 0 });
  try {
    // Without a journal file nothing is left behind; the lock itself is on the database file.
    database.exec("PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
  } catch {
    database.close();
    throw new StartError(`${dataDir} is in use by another stack${readHolder(notePath)}`, 1);
  }
  const wasClean = readHolder(notePath) === "";
  const describe = (text: string) =>
    writeFileSync(notePath, `${JSON.stringify({ pid: process.pid, stack: text })}\n`);
  describe("starting");
  return {
    describe,
    wasClean,
    release: () => {
      rmSync(notePath, { force: true });
      database.close();
    },
  };
};

/** Empty when nobody says so. */
const readHolder = (notePath: string): string => {
  try {
    const note: { pid?: unknown; stack?: unknown } = JSON.parse(readFileSync(notePath, "utf8"));
    return ` (process ${note.pid}, ${note.stack})`;
  } catch {
    return "";
  }
};
