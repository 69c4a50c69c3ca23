import type { Subject } from "./subject.ts";

/**
 * One way for a piece to be poor. Pure; a measure that does not apply (sentences of a table) gives 0.
 * Add one: a file in measures/, a line in registry.ts, then `node bench/quality/fit.ts`.
 */
export type Measure = {
  /** From this value on the piece carries the measure's name as a flag. */
  readonly flagAt: number;
  /** Spoils a piece by itself, however good the rest of it looks: the score is multiplied by 1 − its value. */
  readonly decisive?: true;
  /** 0 (nothing of it) to 1 (nothing but it). */
  measure(subject: Subject): number;
};
