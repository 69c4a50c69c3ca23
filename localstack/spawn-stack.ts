import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";

/** The embedded stack as a child process: what end-to-end tests and benchmarks start, use and stop. */
export type SpawnedStack = {
  readonly url: string;
  /** S3 and SQS. */
  readonly awsUrl: string;
  readonly process: ChildProcess;
  /** Everything it printed so far. */
  output(): string;
  /** Ctrl-C, then waits for the end; gives how long it took, in ms. */
  stop(): Promise<number>;
};

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
};

const answers = async (url: string): Promise<boolean> =>
  fetch(url).then(
    (response) => response.ok,
    () => false,
  );

/** Runs `npm start` with `args` on free ports and waits until the API answers. */
export const spawnStack = async (options: {
  readonly dataDir: string;
  readonly args?: readonly string[];
  readonly ports?: { readonly http: number; readonly aws: number };
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}): Promise<SpawnedStack> => {
  const root = join(import.meta.dirname, "..");
  const ports = options.ports ?? { http: await freePort(), aws: await freePort() };
  let printed = "";
  const child = spawn(process.execPath, ["localstack/start.ts", ...(options.args ?? ["--no-samples"])], {
    cwd: root,
    env: {
      ...process.env,
      ...options.env,
      KETTLE_HTTP_PORT: String(ports.http),
      KETTLE_AWS_PORT: String(ports.aws),
      KETTLE_DATA_DIR: options.dataDir,
      KETTLE_END_WITH_PARENT: "1",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (printed += chunk));
  const ended = once(child, "exit");
  const url = `http://127.0.0.1:${ports.http}`;
  const deadline = Date.now() + (options.timeoutMs ?? 60_000);
  while (!(await answers(`${url}/health`))) {
    if (child.exitCode !== null) throw new Error(`the stack ended with ${child.exitCode}:\n${printed}`);
    if (Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`the stack did not answer in time:\n${printed}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url,
    awsUrl: `http://127.0.0.1:${ports.aws}`,
    process: child,
    output: () => printed,
    stop: async () => {
      const start = Date.now();
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGINT");
      await ended;
      return Date.now() - start;
    },
  };
};
