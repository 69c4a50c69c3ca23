/** What was found of one part of a running system. */
export type Finding = {
  readonly check: string;
  /** A `warning` wants a look, a `problem` wants somebody now. */
  readonly status: "ok" | "warning" | "problem";
  /** In words. */
  readonly message: string;
  /** What to do; null where there is nothing to do. */
  readonly fix: string | null;
};

export const fine = (check: string, message: string): Finding => ({
  check,
  status: "ok",
  message,
  fix: null,
});

export const problem = (check: string, message: string, fix: string): Finding => ({
  check,
  status: "problem",
  message,
  fix,
});

export const warning = (check: string, message: string, fix: string): Finding => ({
  check,
  status: "warning",
  message,
  fix,
});

/** "1 document", "2 documents" */
export const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
