import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { makeCertificates, mutualTls } from "./certificates.ts";
import { endLeftServers, installServers, type MilvusServer, startLite, startStandalone } from "./servers.ts";

/**
 * `npm run test:milvus [lite|standalone|tls|alone|own] [vitest options]`: starts each server in turn, runs its
 * suites, stops it. The suites of `alone/` start and kill servers of their own, one after another.
 * With MILVUS_ADDRESS (and MILVUS_TOKEN) the suites of `own/` run against that server, and nothing is installed.
 */

const root = join(import.meta.dirname, "../..");
const kinds = ["lite", "standalone", "tls", "alone", "own"] as const;
type Kind = (typeof kinds)[number];

const servers: Readonly<Record<Exclude<Kind, "alone" | "own">, () => Promise<MilvusServer>>> = {
  lite: startLite,
  // Suites of users ask for both: resets by a superuser, and their refusal to an administrator who is none.
  standalone: () => startStandalone({ env: { COMMON_SECURITY_SUPERUSERS: "root" } }),
  tls: () => startStandalone({ settings: mutualTls(makeCertificates()) }),
};

const [first, ...others] = process.argv.slice(2);
const chosen = kinds.find((kind) => kind === first);
const vitestOptions = chosen === undefined && first !== undefined ? [first, ...others] : others;

let suite: ChildProcess | null = null;
let server: MilvusServer | null = null;
let interrupted = false;

const runSuite = async (
  kind: Kind,
  address: string,
  token: string | null,
  options: readonly string[] = [],
): Promise<boolean> => {
  const report = join(root, ".cache", `vitest-milvus-${kind}.json`);
  suite = spawn(
    process.execPath,
    [
      join(root, "node_modules", "vitest", "vitest.mjs"),
      "run",
      "--config",
      join(root, "vitest.milvus.config.ts"),
      "--dir",
      join(import.meta.dirname, kind),
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...options,
      ...vitestOptions,
    ],
    {
      cwd: root,
      stdio: "inherit",
      env: {
        ...process.env,
        KETTLE_TEST_MILVUS: JSON.stringify({ address, token }),
        KETTLE_TEST_RUN: String(process.pid),
      },
    },
  );
  const [code] = await once(suite, "exit");
  return code === 0;
};

const run = async (kind: Kind): Promise<boolean> => {
  if (kind === "own")
    return runSuite(kind, process.env.MILVUS_ADDRESS ?? "", process.env.MILVUS_TOKEN || null);
  if (kind === "alone") return runSuite(kind, "", null, ["--maxWorkers=1"]);
  server = await servers[kind]();
  try {
    return await runSuite(kind, server.address, kind === "lite" ? null : "root:Milvus");
  } finally {
    await server.stop();
    server = null;
  }
};

/** The suite gets Ctrl-C from the terminal itself; its server must not outlive it. */
const interrupt = (): void => {
  if (interrupted) return;
  interrupted = true;
  suite?.kill("SIGINT");
  void server?.stop();
};
process.on("SIGINT", interrupt).on("SIGTERM", interrupt);

mkdirSync(join(root, ".cache"), { recursive: true });
const own = Boolean(process.env.MILVUS_ADDRESS);
const wanted: readonly Kind[] = chosen ? [chosen] : own ? ["own"] : ["lite", "standalone", "tls", "alone"];
let passed = true;
try {
  if (!wanted.includes("own")) {
    installServers();
    endLeftServers();
  }
  for (const kind of wanted) if (!interrupted) passed = (await run(kind)) && passed;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  passed = false;
} finally {
  endLeftServers();
}
process.exitCode = interrupted ? 130 : passed ? 0 : 1;
