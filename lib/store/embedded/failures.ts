import { AppError } from "../../errors.ts";

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html); extended codes carry them in the low byte. */
const advice = new Map<number, string>([
  [5, "another process holds its write lock for too long; the work is tried again"],
  [6, "another statement holds its lock; the work is tried again"],
  [8, "the file is read-only: let this user write to it and to its folder"],
  [10, "the disk failed or is gone: see the system's log"],
  [
    11,
    "the file is damaged: stop Kettle, move the file away and start again; reconcile fills a new one from the bucket",
  ],
  [13, "the disk is full: make room, the work is tried again"],
  [14, "the file cannot be opened: see that its folder exists and that this user may write there"],
  [26, "the file is not a SQLite database: choose another store.path, or move the file away"],
]);

/** The request's own fault: a value that no table takes. */
const refused = new Set([1, 18, 19, 20, 25]);

type SqliteError = Error & { readonly errcode: number };
const isSqliteError = (error: unknown): error is SqliteError =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number";

const fileErrors = new Set(["EACCES", "EPERM", "ENOTDIR", "EEXIST", "ENOSPC", "EROFS", "ENOENT", "EDQUOT"]);
const isFileError = (error: unknown): error is Error =>
  error instanceof Error && "code" in error && fileErrors.has(String(error.code));

/**
 * What SQLite threw, as a failure that callers know. A damaged, foreign or full file is an outage, not the fault of the
 * document that is being written: it must not mark documents as failed for good, so it is retryable.
 */
export const storeFailure = (path: string, error: unknown): unknown => {
  if (error instanceof AppError) return error;
  if (isFileError(error))
    return new AppError("STORE_UNAVAILABLE", `cannot open the store ${path}: ${error.message}`, {
      cause: error,
    });
  if (!isSqliteError(error)) return error;
  const code = error.errcode & 0xff;
  if (refused.has(code))
    return new AppError("STORE_REFUSED", `the store ${path} refused the request: ${error.message}`, {
      cause: error,
    });
  const hint = advice.get(code) ?? "the work is tried again";
  return new AppError("STORE_UNAVAILABLE", `the store ${path} does not answer (${error.message}): ${hint}`, {
    cause: error,
  });
};
