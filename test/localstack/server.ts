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
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { StartError } from "../../localstack/runner/options.ts";
import { freePort } from "../../localstack/spawn-stack.ts";

/** The real LocalStack from its Python package, in folders that git ignores. */

const root = join(import.meta.dirname, "../..");
const venv = join(root, ".venv/localstack");
const cache = join(root, ".cache/localstack");
const requirements = join(import.meta.dirname, "requirements.txt");
const bin = join(venv, process.platform === "win32" ? "Scripts" : "bin");

const python = (): string => {
  for (const name of ["python3.11", "python3.12", "python3.13", "python3", "python"])
    try {
      execFileSync(name, ["-c", "import sys, venv, ensurepip; assert sys.version_info >= (3, 11)"], {
        stdio: "ignore",
      });
      return name;
    } catch {}
  throw new StartError(
    "the LocalStack suite needs Python 3.11 or newer with venv, and there is none on the PATH; " +
      "install it (Debian, Ubuntu: apt install python3-venv), or set KETTLE_LOCALSTACK_URL to a LocalStack of yours",
  );
};

/** Makes the virtual environment unless it is there; a change of the pinned versions makes it anew. */
const install = (): void => {
  const stamp = join(venv, "installed.txt");
  const wanted = readFileSync(requirements, "utf8");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  const command = python();
  console.log("installing LocalStack into .venv/localstack (once; a minute or two) …");
  rmSync(venv, { recursive: true, force: true });
  execFileSync(command, ["-m", "venv", venv], { stdio: "inherit" });
  const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements];
  execFileSync(join(bin, "python"), args, { stdio: "inherit" });
  writeFileSync(stamp, wanted);
};

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A folder for one server; those of runs that were interrupted go. */
const makeFolder = (): string => {
  mkdirSync(cache, { recursive: true });
  for (const name of readdirSync(cache))
    if (!isRunning(Number(name.split("-")[1]))) rmSync(join(cache, name), { recursive: true, force: true });
  return mkdtempSync(join(cache, `run-${process.pid}-`));
};

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/_localstack/health`).then(
    (response) => response.ok,
    () => false,
  );

const untilAnswers = async (url: string, child: ChildProcess, log: string): Promise<void> => {
  const deadline = Date.now() + 60_000;
  while (!(await answers(url))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new StartError(`LocalStack did not start:\n${readFileSync(log, "utf8").slice(-4000)}`);
    }
    await wait(100);
  }
};

export type LocalstackServer = {
  readonly url: string;
  stop(): Promise<void>;
};

/** Installs LocalStack where it is missing and starts it on a free port of 127.0.0.1. It ends with this process. */
export const startLocalstack = async (): Promise<LocalstackServer> => {
  install();
  const folder = makeFolder();
  const url = `http://127.0.0.1:${await freePort()}`;
  const log = join(folder, "localstack.log");
  const output = openSync(log, "a");
  const child = spawn(join(bin, "python"), [join(import.meta.dirname, "server.py")], {
    cwd: folder,
    env: {
      ...process.env,
      GATEWAY_LISTEN: new URL(url).host,
      SERVICES: "s3,sqs",
      // Nothing of it leaves this machine, and no name server is started.
      DISABLE_EVENTS: "1",
      SKIP_SSL_CERT_DOWNLOAD: "1",
      DNS_ADDRESS: "0",
      LOCALSTACK_VOLUME_DIR: join(folder, "volume"),
    },
    // Its end is the server's end: also when this process is killed.
    stdio: ["pipe", output, output],
  });
  closeSync(output);
  const ended = once(child, "exit");
  await untilAnswers(url, child, log);
  return {
    url,
    stop: async () => {
      child.stdin?.end();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
