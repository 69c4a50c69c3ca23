import type { Environment } from "../../config/environment.ts";
import { lazy } from "../../lazy.ts";
import type { ConnectionOptions } from "./connection.ts";
import { type SecretClients, secretClients, storeTls, storeToken } from "./credentials.ts";
import { checkLogin } from "./login-check.ts";

/** What a connection needs of the environment. */
export type ConnectionSetting = Pick<Environment, "config" | "root" | "storeLogin" | "deployed">;

/** Longest wait for one answer of the server. */
const timeoutMs = 30_000;

/**
 * The connection that kettle.yml and the environment describe.
 * @param warn hears, once, of a server that anybody can use, where that is not refused; null: the server is not tried,
 *   as is right for the command that sets the first password
 */
export const connectionOptions = (
  { config, root, storeLogin, deployed }: ConnectionSetting,
  warn: ((message: string) => void) | null,
  clients: SecretClients = secretClients(config.aws.region),
): ConnectionOptions => {
  const { address, database, allowInsecure } = config.store;
  const options: ConnectionOptions = {
    address: address ?? "",
    database,
    token: storeToken({ config, storeLogin }, clients),
    tls: storeTls({ config, root }),
    timeoutMs,
  };
  if (warn === null) return options;
  return { ...options, gate: lazy(() => checkLogin(options, { deployed, allowInsecure, warn })) };
};
