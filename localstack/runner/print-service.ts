import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { StartError } from "./options.ts";
import { parseStackDefinition, type StackDefinition } from "./stack-definition.ts";

const require = createRequire(import.meta.url);

/** The first lines of a failed osls run that say what is wrong: no banner, no stack, no environment. */
const reason = (output: string): string =>
  output
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "" && !/^(Environment:|\s+at |Error:$|.*✖)/.test(line))
    .slice(0, 20)
    .join("\n");

/**
 * Asks osls for serverless.yml with every variable resolved; 1 to 2 seconds.
 * @throws StartError with what osls said, such as all problems of kettle.yml
 */
export const readStackDefinition = async (
  root: string,
  stage: string,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<StackDefinition> => {
  const serverless = join(dirname(require.resolve("serverless/package.json")), "bin/serverless.js");
  const printed = await new Promise<string>((resolve, reject) => {
    execFile(
      process.execPath,
      [serverless, "print", "--format", "json", "--stage", stage],
      { cwd: root, env, maxBuffer: 64 * 2 ** 20, ...(signal && { signal }) },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else if (signal?.aborted) reject(error);
        else reject(new StartError(reason(stdout || stderr) || error.message));
      },
    );
  });
  try {
    return parseStackDefinition(JSON.parse(printed));
  } catch (cause) {
    throw new StartError(`serverless.yml: ${cause instanceof Error ? cause.message : cause}`);
  }
};
