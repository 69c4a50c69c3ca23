import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { loadConfig } from "./load.ts";
import type { Config } from "./schema.ts";

/** An empty variable means "not set". The only place of lib/ and functions/ that reads the environment. */
const variable = (name: string): string | null => process.env[name] || null;

/** Written beside the handler by the packaging: the parameters as they were resolved for the stage. */
const bundledName = "kettle.resolved.json";

/** What a function knows of where it runs; everything else is in the parameters. */
export type Environment = {
  readonly config: Config;
  /** Absolute path: where the embedded store keeps its file. */
  readonly dataDir: string;
  /** Absolute path of models/. */
  readonly modelsDir: string;
  /** Absolute path of the folder that models/, web/ and paths of kettle.yml are below. */
  readonly root: string;
  /** Whole vCPUs of this machine or function, at least 1. */
  readonly vcpus: number;
  /** Local bearer token; deployed functions read `http.tokenSecret` instead. */
  readonly token: string | null;
  /** Login of the vector store from the environment: goes before what the parameters name. */
  readonly storeLogin: {
    readonly token: string | null;
    readonly user: string | null;
    readonly password: string | null;
  };
  /** In Lambda, with parameters that were bundled for a stage; false on one machine. */
  readonly deployed: boolean;
};

/** Lambda gives a vCPU for each 1,769 MB (AWS Lambda guide, "Configure Lambda function memory"). */
const memoryPerVcpu = 1769;

const vcpus = (): number => {
  const memory = Number(variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"));
  return memory > 0 ? Math.max(1, Math.round(memory / memoryPerVcpu)) : availableParallelism();
};

/** LAMBDA_TASK_ROOT where the packaging put its file; serverless-offline sets it too, to a folder that is not there. */
const root = (): string => {
  const taskRoot = variable("LAMBDA_TASK_ROOT");
  return taskRoot !== null && existsSync(join(taskRoot, bundledName)) ? taskRoot : process.cwd();
};

/**
 * Reads the parameters bundled with the function, or kettle.yml (KETTLE_CONFIG) for KETTLE_STAGE (default `local`).
 * @param chosen file and stage that go before the environment's
 */
export const readEnvironment = (
  chosen: { readonly file?: string; readonly stage?: string } = {},
): Environment => {
  const bundled = join(root(), bundledName);
  const config: Config = existsSync(bundled)
    ? JSON.parse(readFileSync(bundled, "utf8"))
    : loadConfig(
        chosen.file ?? variable("KETTLE_CONFIG") ?? "kettle.yml",
        chosen.stage ?? variable("KETTLE_STAGE") ?? "local",
      );
  return {
    config,
    dataDir: resolve(variable("KETTLE_DATA_DIR") ?? ".kettle"),
    modelsDir: resolve(root(), variable("KETTLE_MODELS_DIR") ?? "models"),
    root: root(),
    vcpus: vcpus(),
    token: variable("KETTLE_TOKEN"),
    storeLogin: {
      token: variable("KETTLE_STORE_TOKEN"),
      user: variable("KETTLE_STORE_USER"),
      password: variable("KETTLE_STORE_PASSWORD"),
    },
    deployed: existsSync(bundled),
  };
};
