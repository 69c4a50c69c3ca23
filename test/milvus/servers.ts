import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { freePort } from "../../localstack/spawn-stack.ts";

/** Real servers from Python packages, in folders that git ignores: they are started and stopped by process id. */

const root = join(import.meta.dirname, "../..");
const venv = join(root, ".venv", "milvus");
const cache = join(root, ".cache", "milvus");
/** One file a running server, named by its process id: what an interrupted run leaves behind is found here. */
const runningFolder = join(cache, "running");

/** Process id of the run that servers belong to: `run.ts`, also for those that its suites start. */
const runId = process.env.KETTLE_TEST_RUN ?? String(process.pid);

/** Pinned: the suites assert what these versions do. */
const packages = ["milvus-lite==3.2.2", "pymilvus==3.0.2", "milvus==2.3.5", "setuptools<81"] as const;

const python = (): string => {
  for (const name of ["python3.11", "python3.12", "python3.10", "python3", "python"])
    try {
      execFileSync(name, ["-c", "import sys, venv; assert sys.version_info >= (3, 9)"], { stdio: "ignore" });
      return name;
    } catch {}
  throw new Error(
    "the Milvus suites need Python 3.9 or newer with venv (python3 -m venv), and found none on the PATH; " +
      "or set MILVUS_ADDRESS to test against a server of your own",
  );
};

/** Makes the virtual environment unless it is there; a change of the pinned versions makes it anew. */
export const installServers = (): void => {
  const stamp = join(venv, "packages.txt");
  const wanted = packages.join("\n");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  console.log("installing Milvus into .venv/milvus (once) …");
  rmSync(venv, { recursive: true, force: true });
  execFileSync(python(), ["-m", "venv", venv], { stdio: "inherit" });
  execFileSync(join(venv, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", ...packages], {
    stdio: "inherit",
  });
  writeFileSync(stamp, wanted);
};

export type MilvusServer = {
  /** `host:port` */
  readonly address: string;
  readonly pid: number;
  /** Everything it logged so far. */
  log(): string;
  /** kill −9, and waits for the end. */
  kill(): Promise<void>;
  /** Again, on the same port with the same data. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
};

type Launch = {
  readonly name: string;
  readonly port: number;
  readonly dataDir: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly ready: () => Promise<boolean>;
};

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const answer = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.once("connect", answer(true)).once("error", answer(false));
  });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const start = async ({ name, dataDir, command, args, env, ready }: Launch): Promise<ChildProcess> => {
  const log = openSync(join(dataDir, "server.log"), "a");
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  await once(child, "spawn");
  mkdirSync(runningFolder, { recursive: true });
  const mark = join(runningFolder, String(child.pid));
  writeFileSync(mark, JSON.stringify({ run: runId, dataDir }));
  child.once("exit", () => rmSync(mark, { force: true }));
  const deadline = Date.now() + 120_000;
  while (!(await ready())) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(
        `${name} did not start:\n${readFileSync(join(dataDir, "server.log"), "utf8").slice(-4000)}`,
      );
    }
    await pause(50);
  }
  return child;
};

const launch = async (setting: Launch): Promise<MilvusServer> => {
  let child = await start(setting);
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    // SIGINT takes Milvus longer than a minute with loaded collections.
    child.kill("SIGKILL");
    await ended;
  };
  return {
    address: `127.0.0.1:${setting.port}`,
    get pid() {
      return child.pid ?? 0;
    },
    log: () => readFileSync(join(setting.dataDir, "server.log"), "utf8"),
    kill,
    restart: async () => {
      await kill();
      child = await start(setting);
    },
    stop: async () => {
      await kill();
      rmSync(setting.dataDir, { recursive: true, force: true });
    },
  };
};

const dataFolder = (name: string): string => {
  mkdirSync(cache, { recursive: true });
  return mkdtempSync(join(cache, `${name}-`));
};

/** milvus-lite 3.2.2: no logins, no TLS; BM25, filters, kill −9. Up in 1 to 2 s. */
export const startLite = async (): Promise<MilvusServer> => {
  const port = await freePort();
  const dataDir = dataFolder("lite");
  return launch({
    name: "milvus-lite",
    port,
    dataDir,
    command: join(venv, "bin", "milvus-lite"),
    args: [
      "server",
      ...["--data-dir", join(dataDir, "data"), "--host", "127.0.0.1", "--port", String(port)],
      // Its engine is not safe for writes at once (`adapter/grpc/server.py`): with more, a kill −9 loses rows.
      ...["--max-workers", "1"],
    ],
    ready: () => accepts(port),
  });
};

export type StandaloneOptions = {
  /** Keys of milvus.yaml. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Keys that the package's configuration lacks, as environment variables. */
  readonly env?: Readonly<Record<string, string>>;
};

/** Its etcd has no other port. */
const etcdPort = 2380;

const untilAlone = async (): Promise<void> => {
  const deadline = Date.now() + 300_000;
  for (let said = false; await accepts(etcdPort); said = true) {
    if (!said) console.log(`waiting: something uses port ${etcdPort}, which Milvus 2.3.5 needs …`);
    if (Date.now() > deadline)
      throw new Error(
        `port ${etcdPort} is in use, and Milvus 2.3.5 can use no other: stop what uses it (another run of this suite?)`,
      );
    await pause(500);
  }
};

/**
 * Milvus 2.3.5 standalone with logins on (`root:Milvus`). One a host: its etcd takes port 2380. Its proxy listens on all
 * addresses, whatever it is told, so it never runs without logins here. The intervals that a test would wait for are
 * shortened; nothing else differs from the defaults.
 */
export const startStandalone = async (options: StandaloneOptions = {}): Promise<MilvusServer> => {
  await untilAlone();
  const [port, metricsPort] = [await freePort(), await freePort()];
  const dataDir = dataFolder("standalone");
  const settings = {
    authorization_enabled: "true",
    etcd_log_level: "error",
    "log.level": "warn",
    "proxy.timeTickInterval": "10",
    "queryCoord.checkInterval": "100",
    "queryCoord.distPullInterval": "50",
    ...options.settings,
  };
  return launch({
    name: "Milvus 2.3.5",
    port,
    dataDir,
    command: join(venv, "bin", "python"),
    args: [
      join(import.meta.dirname, "standalone.py"),
      join(cache, "binaries-2.3.5"),
      dataDir,
      String(port),
      String(metricsPort),
      ...Object.entries(settings).map(([key, value]) => `${key}=${value}`),
    ],
    ...(options.env && { env: options.env }),
    ready: async () =>
      fetch(`http://127.0.0.1:${metricsPort}/healthz`)
        .then(async (response) => response.ok && (await response.text()).includes("OK"))
        .catch(() => false),
  });
};

/**
 * Ends what this run, or one that is gone, left behind, and only that: a process must still be the server of its folder.
 */
export const endLeftServers = (): void => {
  if (!existsSync(runningFolder)) return;
  for (const pid of readdirSync(runningFolder)) {
    const mark: { run: string; dataDir: string } = JSON.parse(readFileSync(join(runningFolder, pid), "utf8"));
    if (mark.run !== runId && commandOf(Number(mark.run)) !== "") continue;
    if (commandOf(Number(pid)).includes(mark.dataDir)) process.kill(Number(pid), "SIGKILL");
    rmSync(join(runningFolder, pid), { force: true });
    rmSync(mark.dataDir, { recursive: true, force: true });
  }
};

/** Command line and folder of a process; empty when it is gone. */
const commandOf = (pid: number): string => {
  try {
    return (
      execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }) + workingFolder(pid)
    );
  } catch {
    return "";
  }
};

/** Milvus standalone is started in its folder and does not name it. */
const workingFolder = (pid: number): string => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
};
