import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { queueClient, sqsSource } from "../../localstack/runner/queue-source.ts";
import type { Stack } from "../../localstack/runner/supervisor.ts";

/** The fixture service in a process of its own, so that it can be interrupted and killed. */
let dataDir: string;
let child: ChildProcess;
let output: string;
let stack: Stack;
let sqs: SQSClient;

const patience = { timeout: 15_000, interval: 25 };

const launch = async () => {
  output = "";
  child = spawn(process.execPath, [join(import.meta.dirname, "fixtures/run-stack.ts")], {
    env: { ...process.env, KETTLE_DATA_DIR: dataDir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text) => (output += text));
  await vi.waitFor(() => expect(output).toMatch(/^\{.*\}$/m), { timeout: 30_000, interval: 25 });
  stack = JSON.parse(output.match(/^\{.*\}$/m)?.[0] ?? "");
  sqs = queueClient(stack.awsUrl, stack.region);
};

const send = async (...orders: readonly { name: string; do?: string }[]) => {
  const Entries = orders.map((order, i) => ({ Id: String(i), MessageBody: JSON.stringify(order) }));
  await sqs.send(
    new SendMessageBatchCommand({ QueueUrl: `${stack.awsUrl}/000000000000/fixture-work`, Entries }),
  );
};

/** Lines of what the function did, such as `one 4711`. */
const seen = (name: string): readonly string[] => {
  const path = join(dataDir, "seen");
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.startsWith(`${name} `));
};

const pidOf = (line: string | undefined): number => Number(line?.split(" ")[1]);

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const httpPid = async (): Promise<number> => {
  const response = await fetch(`${stack.url}/health`);
  return ((await response.json()) as { pid: number }).pid;
};

const setUp = async () => {
  dataDir = mkdtempSync(join(tmpdir(), "kettle-stack-"));
  await launch();
};

const tearDown = async () => {
  sqs.destroy();
  if (child.exitCode === null && child.signalCode === null) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
};

describe("a stack made of serverless.yml", () => {
  beforeAll(setUp);
  afterAll(tearDown);

  it("an object put into the bucket reaches the queue function, which runs as on Lambda but with low priority", async () => {
    const s3 = new S3Client({
      endpoint: stack.awsUrl,
      region: stack.region,
      credentials: { accessKeyId: "any", secretAccessKey: "any" },
    });
    await s3.send(new PutObjectCommand({ Bucket: stack.documentBucket, Key: "hello.txt", Body: "hi" }));
    s3.destroy();
    await send({ name: "context" });
    await vi.waitFor(() => {
      expect(seen("hello.txt")).toHaveLength(1);
      expect(seen("context")).toContain("context fixture-local-work true 10");
    }, patience);
    expect(await httpPid()).not.toBe(pidOf(seen("hello.txt")[0]));
    expect(output).toContain("work  warning: work was loaded (fixture)");
    expect(readFileSync(join(stack.logsDirectory, "work.log"), "utf8")).toContain('"work was loaded"');
  });

  it("a crash is told in one line, the process comes back, and so does the message", async () => {
    await send({ name: "bomb", do: "crash" });
    await vi.waitFor(() => expect(seen("bomb")).toHaveLength(3), patience);
    await send({ name: "after" });
    await vi.waitFor(() => expect(seen("after")).toHaveLength(1), patience);
    expect(new Set(seen("bomb").map(pidOf)).size).toBe(3);
    expect(output).toContain("work  ended with exit code 3; started again");
    // Its three receives are used up: it went to the dead-letter queue.
    const dead = await sqsSource(sqs, "fixture-work-dlq");
    const messages = await dead.receive(10, 5, AbortSignal.timeout(10_000));
    expect(messages.map(({ body }) => JSON.parse(body).name)).toEqual(["bomb"]);
  });

  it.each(["hang", "block"])(
    "a function that exceeds its time by %s is ended; its message comes back",
    async (how) => {
      await send({ name: how, do: how });
      await vi.waitFor(() => expect(seen(how)).toHaveLength(2), patience);
      expect(output).toContain("work  timed out after 2 s; started again");
      expect(new Set(seen(how).map(pidOf)).size).toBe(2);
    },
  );

  it("a second start on the same folder is refused in one line that names the first", async () => {
    const second = spawn(process.execPath, ["localstack/start.ts", "--no-samples"], {
      cwd: join(import.meta.dirname, "../.."),
      env: { ...process.env, KETTLE_DATA_DIR: dataDir, KETTLE_HTTP_PORT: "0", KETTLE_AWS_PORT: "0" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let error = "";
    second.stderr.on("data", (text) => (error += text));
    const [code] = await once(second, "exit");
    expect(code).toBe(1);
    expect(error.trim().split("\n")).toEqual([
      `${dataDir} is in use by another stack (process ${child.pid}, ${stack.url})`,
    ]);
  });
});

describe("the end of a stack", () => {
  beforeEach(setUp);
  afterEach(tearDown);

  it("Ctrl-C ends everything within two seconds, whatever a function does", async () => {
    await send({ name: "stuck", do: "block" });
    await vi.waitFor(() => expect(seen("stuck")).toHaveLength(1), patience);
    const pids = [pidOf(seen("stuck")[0]), await httpPid()];
    const start = Date.now();
    child.kill("SIGINT");
    const [code] = await once(child, "exit");
    expect(Date.now() - start).toBeLessThan(2_000);
    expect(code).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it("after a kill −9 no process is left, even a busy one, and what it worked on is done after the next start", async () => {
    await send({ name: "stuck", do: "block" });
    await vi.waitFor(() => expect(seen("stuck")).toHaveLength(1), patience);
    const pids = [pidOf(seen("stuck")[0]), await httpPid()];
    child.kill("SIGKILL");
    await once(child, "exit");
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 5_000, interval: 20 });
    const start = Date.now();
    await launch();
    await vi.waitFor(() => expect(seen("stuck").length).toBeGreaterThan(1), patience);
    expect(Date.now() - start).toBeLessThan(10_000);
  });

  it("it ends with what started it, where that is npm or a test", async () => {
    const script = `
      const { spawn } = require("node:child_process");
      const stack = spawn(process.execPath, ${JSON.stringify([join(import.meta.dirname, "fixtures/run-stack.ts")])}, {
        env: { ...process.env, KETTLE_END_WITH_PARENT: "1" }, stdio: ["ignore", "inherit", "inherit"] });
      process.stdout.write("pid " + stack.pid + "\\n");`;
    const folder = mkdtempSync(join(tmpdir(), "kettle-stack-"));
    const parent = spawn(process.execPath, ["-e", script], {
      env: { ...process.env, KETTLE_DATA_DIR: folder },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    parent.stdout.on("data", (text) => (printed += text));
    await vi.waitFor(() => expect(printed).toMatch(/^\{.*\}$/m), { timeout: 30_000, interval: 25 });
    const pid = Number(/^pid (\d+)$/m.exec(printed)?.[1]);
    expect(isAlive(pid)).toBe(true);
    parent.kill("SIGKILL");
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), patience);
    rmSync(folder, { recursive: true, force: true });
  });
});
