/** What was found of one thing that a deployment needs. */
export type Check = {
  readonly name: string;
  /** `unknown`: it could not be looked at from here. */
  readonly outcome: "ok" | "problem" | "unknown";
  /** What is so; of a problem, also what to do. */
  readonly message: string;
};

export const ok = (name: string, message: string): Check => ({ name, outcome: "ok", message });
export const problem = (name: string, message: string): Check => ({ name, outcome: "problem", message });
export const unknown = (name: string, message: string): Check => ({ name, outcome: "unknown", message });

export const problemsOf = (checks: readonly Check[]): readonly Check[] =>
  checks.filter(({ outcome }) => outcome === "problem");

/** One line a check, its message indented where it has several. */
export const checkLine = ({ name, outcome, message }: Check): string =>
  `  ${outcome.padEnd(8)} ${name.padEnd(14)} ${message.replaceAll("\n", `\n${" ".repeat(26)}`)}`;
