import type { Command } from "commander";
import { type Environment, readEnvironment } from "../lib/config/environment.ts";
import { AppError } from "../lib/errors.ts";
import { type Connection, connectMilvus } from "../lib/store/milvus/connection.ts";
import { connectionOptions } from "../lib/store/milvus/settings.ts";

export type StageOptions = { readonly file?: string; readonly stage?: string; readonly address?: string };

/** Options of every verb that talks to the store itself. */
export const withStageOptions = (command: Command): Command =>
  command
    .option("--stage <name>", "stage of the parameter file (default: KETTLE_STAGE, else local)")
    .option("--file <path>", "parameter file (default: KETTLE_CONFIG, else kettle.yml)")
    .option("--address <host:port>", "another Milvus than store.address");

export const environmentOf = ({ address, ...chosen }: StageOptions): Environment => {
  const environment = readEnvironment(chosen);
  if (address === undefined) return environment;
  const { config } = environment;
  return { ...environment, config: { ...config, store: { ...config.store, address } } };
};

/** @throws AppError `NOT_AVAILABLE` where the stage has no Milvus */
export const requireMilvus = ({ config }: Environment, what: string): void => {
  if (config.store.driver === "milvus") return;
  throw new AppError(
    "NOT_AVAILABLE",
    `${what} belong to a Milvus server, and store.driver is ${config.store.driver} in stage ${config.stage}: choose a stage with --stage`,
  );
};

/** Connects as the environment says (KETTLE_STORE_TOKEN, else the stage's secret), works, disconnects. */
export const withMilvus = async <T>(
  options: StageOptions,
  what: string,
  work: (connection: Connection, environment: Environment) => Promise<T>,
): Promise<T> => {
  const environment = environmentOf(options);
  requireMilvus(environment, what);
  const connection = connectMilvus(connectionOptions(environment, null));
  try {
    return await work(connection, environment);
  } finally {
    await connection.close();
  }
};
