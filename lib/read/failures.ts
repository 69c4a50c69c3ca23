import { AppError, type FailureCode } from "../errors.ts";

/** A permanent failure that names its document. `why` starts in lower case and says what to do where something can be done. */
export const documentFailure = (code: FailureCode, key: string, why: string, cause?: unknown): AppError =>
  new AppError(code, `${key}: ${why}`, cause === undefined ? undefined : { cause });

/** The message of any thrown value, on one line and bounded: libraries quote whole documents. */
export const reason = (error: unknown): string => {
  const text = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ").trim();
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
};
