import type { Command } from "commander";
import type { Environment } from "../../lib/config/environment.ts";
import { readIdentity } from "../../lib/embed/create.ts";
import { milvusAdmin } from "../../lib/store/milvus/admin.ts";
import { choicesOf } from "../../lib/store/milvus/choices.ts";
import type { Connection } from "../../lib/store/milvus/connection.ts";
import { loginProblem } from "../../lib/store/milvus/login-check.ts";
import { replicaProblem } from "../../lib/store/milvus/nodes.ts";
import { milvusOptions } from "../../lib/store/milvus/options.ts";
import { connectionOptions } from "../../lib/store/milvus/settings.ts";
import { type StageOptions, withMilvus, withStageOptions } from "../milvus.ts";
import { wholeNumber } from "./options.ts";

type Options = StageOptions & { readonly build?: boolean; readonly wait: number; readonly json?: boolean };
type Checked = {
  readonly what: string;
  readonly value: string;
  readonly problem: string | null;
  /** It works, and should not stay so. */
  readonly warning?: string | null;
};

const buildIndex = async (environment: Environment, waitMs: number): Promise<Checked> => {
  const options = milvusOptions(environment.config, connectionOptions(environment, null));
  const admin = milvusAdmin(options, { patienceMs: waitMs, timeoutMs: 10 * waitMs });
  try {
    const { type, problem } = await admin.checkIndex((await readIdentity(environment)).dimension);
    return { what: "index built", value: type, problem };
  } finally {
    await admin.close();
  }
};

/** By the capability table first, then by what the server is and has, last by a small collection that it indexes. */
const checksOf = async (
  connection: Connection,
  environment: Environment,
  options: Options,
): Promise<readonly Checked[]> => {
  const { config } = environment;
  const checks: Checked[] = [];
  for (const { path, value, problem } of choicesOf(config, await connection.capabilities())) {
    const nodes = path === "store.replicas" ? await replicaProblem(connection, config.store.replicas) : null;
    checks.push({ what: path, value, problem: problem ?? nodes });
  }
  const warning = await loginProblem(connectionOptions(environment, null));
  checks.push({ what: "login", value: "of the server", problem: null, warning });
  const known = checks.every(({ what, problem }) => what !== "store.index.type" || problem === null);
  return options.build && known ? [...checks, await buildIndex(environment, options.wait * 1_000)] : checks;
};

const print = ({ what, value, problem, warning }: Checked): void => {
  console.log(`${problem ? "NO" : warning ? "! " : "ok"}  ${what.padEnd(18)} ${value}`);
  const words = problem ?? warning;
  if (words) console.log(`    ${words}`);
};

const check = (options: Options): Promise<void> =>
  withMilvus(options, "index checks", async (connection, environment) => {
    const { name: server } = await connection.capabilities();
    const checks = await checksOf(connection, environment, options);
    if (options.json) console.log(JSON.stringify({ server, address: connection.address, checks }, null, 2));
    else {
      console.log(`${server} at ${connection.address}`);
      checks.forEach(print);
    }
    if (checks.some(({ problem }) => problem !== null)) process.exitCode = 1;
  });

/** kettle index check */
export const indexVerb = (program: Command): void => {
  const index = program.command("index").description("the index of the vectors");
  withStageOptions(index.command("check"))
    .description(
      "which of the configured choices the server can do; builds the index over 2,048 rows of its own",
    )
    .option("--no-build", "only by what the server's version can do")
    .option("--wait <seconds>", "how long the index may show no progress", wholeNumber(1, 3_600), 30)
    .option("--json", "answer as JSON")
    .action(check);
};
