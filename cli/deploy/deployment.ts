import { join } from "node:path";
import { loadConfig } from "../../lib/config/load.ts";
import type { Config } from "../../lib/config/schema.ts";
import type { Progress } from "../progress.ts";
import { type Check, checkLine, problemsOf } from "./check.ts";
import { type Overrides, parameterFile } from "./parameter-file.ts";

export const root = join(import.meta.dirname, "../..");

/** What deploying and destroying a stage have in common. */
export type Deployment = {
  readonly config: Config;
  /** For osls and the CDK: the same stage from the same file. */
  readonly env: Readonly<Record<string, string>>;
  readonly progress: Progress;
  readonly signal: AbortSignal;
};

/** @throws AppError `CONFIG_INVALID` */
export const openDeployment = (
  stage: string,
  overrides: Overrides,
  progress: Progress,
  signal: AbortSignal,
): Deployment => {
  const file = parameterFile(root, stage, overrides);
  const config = loadConfig(file, stage);
  return {
    config,
    env: { KETTLE_CONFIG: file, KETTLE_STAGE: stage, AWS_REGION: config.aws.region },
    progress,
    signal,
  };
};

/** `2/4 functions` as a heading of what follows. */
export const heading = ({ progress }: Deployment, text: string): void => progress.line(`\n${text}`);

export const tellChecks = ({ progress }: Deployment, checks: readonly Check[]): void => {
  for (const check of checks) progress.line(checkLine(check));
};

/** @throws Error when a check found a problem */
export const refuseProblems = (checks: readonly Check[]): void => {
  const { length } = problemsOf(checks);
  if (length > 0)
    throw new Error(`${length} problem${length === 1 ? "" : "s"} to mend first; nothing was changed`);
};
