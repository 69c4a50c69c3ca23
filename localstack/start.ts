import { join } from "node:path";
import { createProgress } from "../cli/progress.ts";
import { EmulatorError } from "./emulator/errors.ts";
import { localstackEnvironment } from "./external-services.ts";
import { createEndings, type Endings } from "./runner/endings.ts";
import { type FirstRunOptions, firstRun, nextSteps } from "./runner/first-run.ts";
import { parseStartOptions, StartError, type StartOptions, usage } from "./runner/options.ts";
import { onStopRequest, StopRequest } from "./runner/stop-request.ts";
import { startStack } from "./runner/supervisor.ts";

const root = join(import.meta.dirname, "..");

/** Set when the user, or whoever started this, wants it to end. */
const stopping = new AbortController();

const untilStopped = (): Promise<void> =>
  new Promise((resolve) => {
    if (stopping.signal.aborted) resolve();
    stopping.signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** A failure to ingest or to ask is told; the stack itself goes on. */
const firstRunOrReport = async (options: FirstRunOptions): Promise<boolean> => {
  try {
    return await firstRun(options);
  } catch (error) {
    if (options.signal.aborted) throw error;
    options.print(`failed: ${error instanceof Error ? error.message : error}`);
    return false;
  }
};

/** @returns the exit code */
const run = async (options: StartOptions, env: NodeJS.ProcessEnv, endings: Endings): Promise<number> => {
  const directory = process.cwd();
  const progress = createProgress(process.stdout);
  const report = (line: string) => progress.line(line);
  progress.status("starting …");
  const { signal } = stopping;
  const stack = await startStack({ ...options, root, directory, env, report, signal }, endings);
  progress.status("");
  report(`Kettle runs at ${stack.url}`);
  const isFine = await firstRunOrReport({
    ...options,
    root,
    stack,
    token: env.KETTLE_TOKEN || null,
    progress,
    print: report,
    columns: process.stdout.columns,
    color: process.stdout.isTTY && !process.env.NO_COLOR,
    signal,
  });
  if (options.demo) return isFine ? 0 : 1;
  report(nextSteps(stack, options.samples));
  report("\nCtrl-C stops it.");
  await untilStopped();
  return 0;
};

const exitCodeOf = (error: unknown, demo: boolean): number => {
  if (stopping.signal.aborted) return demo ? 130 : 0;
  if (error instanceof StartError || error instanceof EmulatorError) console.error(error.message);
  else console.error(error);
  return error instanceof StartError ? error.exitCode : 1;
};

const main = async (): Promise<number> => {
  let options: StartOptions;
  let { env } = process;
  try {
    const args = process.argv.slice(2);
    if (args.includes("--localstack")) env = localstackEnvironment(root, env);
    options = parseStartOptions(args, env, process.cwd());
  } catch (error) {
    return exitCodeOf(error, false);
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  onStopRequest(() => stopping.abort(new StopRequest()));
  const endings = createEndings();
  try {
    return await run(options, env, endings);
  } catch (error) {
    return exitCodeOf(error, options.demo);
  } finally {
    await endings.run();
  }
};

// Whoever read the lines may have gone; that is no reason to stop.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

// Not left to the event loop: whatever may still be open, everything that matters has ended.
process.exit(await main());
