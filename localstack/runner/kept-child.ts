import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A process that is started again when it ends, until it is stopped. */
export type KeptChild = {
  send(message: unknown): void;
  /** Ends the process at once; it is started again. */
  restart(reason: string): void;
  /** Ends the process for good: asks, then kills after `graceMs`. */
  stop(graceMs: number): Promise<void>;
};

export type KeptChildOptions = {
  readonly name: string;
  /** Absolute path of the module to run. */
  readonly module: string;
  readonly args?: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onMessage: (message: unknown) => void;
  /** A line it printed. */
  readonly onLine: (line: string) => void;
  /** It ended by itself or by `restart`; what it was doing is lost. */
  readonly onEnd: (reason: string) => void;
  /** One line for people: why it ended and when it comes back. */
  readonly report: (line: string) => void;
};

const firstDelayMs = 200;
const longestDelayMs = 30_000;
/** Having run so long, a process is well again: the next delay is the first. */
const wellAfterMs = 60_000;

const start = (options: KeptChildOptions): ChildProcess => {
  const child = fork(options.module, [...(options.args ?? [])], {
    cwd: options.cwd,
    env: options.env,
    execArgv: [
      "--disable-warning=ExperimentalWarning",
      "--import",
      new URL("end-with-parent.ts", import.meta.url).href,
    ],
    // Structured clone: a message of 200 KB takes 1 ms there and back, 4 ms as JSON.
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  child.on("message", options.onMessage);
  for (const stream of [child.stdout, child.stderr])
    if (stream !== null) createInterface({ input: stream }).on("line", options.onLine);
  return child;
};

/** Keeps one child process running; a crash brings it back after a delay that doubles up to 30 seconds. */
export const keepChild = (options: KeptChildOptions): KeptChild => {
  let stopped = false;
  let delayMs = firstDelayMs;
  let restartReason: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  let child: ChildProcess;

  const run = () => {
    const startedAt = Date.now();
    child = start(options);
    child.on("error", (error) => options.onLine(`process error: ${error.message}`));
    child.once("exit", (code, signal) => {
      const asked = restartReason;
      const reason = asked ?? `ended with ${signal ?? `exit code ${code}`}`;
      restartReason = null;
      options.onEnd(reason);
      if (stopped) return;
      if (asked !== null || Date.now() - startedAt > wellAfterMs) delayMs = firstDelayMs;
      // Ctrl-C reaches a child before its parent has heard of it: only after a moment is an end a crash.
      timer = setTimeout(() => {
        options.report(`${options.name}  ${reason}; started again`);
        run();
      }, delayMs);
      delayMs = Math.min(delayMs * 2, longestDelayMs);
    });
  };
  run();

  return {
    send: (message) => {
      if (child.connected) child.send(message as object);
    },
    restart: (reason) => {
      restartReason = reason;
      child.kill("SIGKILL");
    },
    stop: async (graceMs) => {
      stopped = true;
      clearTimeout(timer);
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      const ended = once(child, "exit");
      if (child.connected) child.disconnect();
      const kill = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await ended;
      clearTimeout(kill);
    },
  };
};

/** Absolute path of a module beside this one. */
export const runnerModule = (name: string): string => join(import.meta.dirname, name);
