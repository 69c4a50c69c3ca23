import { readFileSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import type { SpawnedStack } from "../../localstack/spawn-stack.ts";
import { until } from "./client.ts";

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);

/** The process of a function: by its environment, since all run the same module. Linux only. */
const processOf = (stack: SpawnedStack, name: string): number => {
  const found = childrenOf(stack.process.pid ?? 0).find((pid) =>
    readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`_HANDLER=functions/${name}.handler`),
  );
  if (found === undefined) throw new Error(`no process of ${name}`);
  return found;
};

type Kill = {
  readonly stack: SpawnedStack;
  /** File that the function's log goes to. */
  readonly log: string;
  /** The function. */
  readonly name: string;
  /** Asks for the work. */
  readonly start: () => Promise<unknown>;
  /** What the log says in the middle of the work, and when it is done. */
  readonly doing: string;
  readonly done: string;
};

/**
 * Asks a function for work and kills its process (SIGKILL) once its log says that it is in the middle. Should the work
 * have been done when the signal came, it is asked for again.
 */
export const killWhile = async (kill: Kill): Promise<void> => {
  const { stack, log, name, start, doing, done } = kill;
  const from = { log: readFileSync(log).length, output: stack.output().length };
  const said = () => readFileSync(log).subarray(from.log).toString();
  const pid = processOf(stack, name);
  await start();
  while (!said().includes(doing)) await turn();
  process.kill(pid, "SIGKILL");
  await until(
    async () => stack.output().slice(from.output),
    (output) => output.includes(`${name}  ended with SIGKILL; started again`),
  );
  if (said().includes(done)) await killWhile(kill);
};
