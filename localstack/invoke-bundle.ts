import { spawn } from "node:child_process";
import { join } from "node:path";

export type Invocation = {
  /** Unzipped bundle; nothing outside of it can be imported. */
  readonly folder: string;
  readonly name: string;
  readonly event: unknown;
  /** Goes before the little that Lambda gives. */
  readonly env?: Readonly<Record<string, string>>;
  readonly memoryMb?: number;
};

export type Invoked = {
  readonly answer: unknown;
  /** Milliseconds from the start of the process: until the function was imported, and until it had answered. */
  readonly importedMs: number;
  readonly answeredMs: number;
  /** Processor time of the whole process until then, all threads. */
  readonly cpuMs: number;
  /** Its log. */
  readonly printed: string;
};

const mark = "\nANSWER";

/**
 * Calls a packaged function once in a process of its own, with the environment that Lambda gives it.
 * @throws Error with what it printed when it does not answer
 */
export const invokeBundle = async (invocation: Invocation): Promise<Invoked> => {
  const { folder, name, event, env, memoryMb = 2048 } = invocation;
  const file = join(folder, `functions/${name}.mjs`);
  const runtime = join(import.meta.dirname, "lambda-runtime.mjs");
  const child = spawn(process.execPath, [runtime, JSON.stringify({ file, name, event, mark })], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      LAMBDA_TASK_ROOT: folder,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
      NODE_OPTIONS: "--enable-source-maps",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  const at = out.lastIndexOf(mark);
  if (at < 0) throw new Error(`${name} ended with ${code} and no answer:\n${out}\n${err}`);
  return { ...JSON.parse(out.slice(at + mark.length)), printed: out.slice(0, at) + err };
};
