import { AppError, describeFailure, type FailureCode, failures, isPermanent } from "../errors.ts";
import type { LedgerEntry } from "../ledger/ledger.ts";

type Failure = NonNullable<LedgerEntry["failure"]>;
type Stage = Failure["stage"];

const unprocessable = 422;
const longestMessage = 1_000;

/**
 * A failure of the document itself, which no retry can mend. A wrong set-up (a missing model, a bad parameter) is none:
 * what was served stays served, and the message comes back until somebody repairs it.
 */
export const isDocumentFailure = (error: unknown): error is AppError =>
  isPermanent(error) && error.status === unprocessable;

/** May the same revision succeed with another run? */
export const isMendable = (code: FailureCode): boolean =>
  failures[code].retry || failures[code].status !== unprocessable;

/**
 * The failure to record over `entry`. `attempts` counts failed runs of one revision: a failure that is on the entry
 * already is of this very attempt and is replaced, not added to.
 */
export const recordOf = (
  stage: Stage,
  error: unknown,
  entry: Pick<LedgerEntry, "state" | "revision" | "failure"> | null,
  revision: string | null,
): Failure => {
  const { code, message } = describeFailure(error);
  const before = entry !== null && entry.revision === revision ? (entry.failure?.attempts ?? 0) : 0;
  const again = entry?.state === "failed" && before > 0;
  return {
    stage,
    code,
    message: message.slice(0, longestMessage),
    attempts: again ? before : before + 1,
  };
};

/** Written before the last delivery's work, so that a death is on the ledger although nobody is left to write it. */
export const crash = (stage: Stage): AppError =>
  new AppError(
    "CRASHED",
    `the ${stage} function did not finish in its last delivery; its message is in the dead-letter queue`,
  );
