import { resolve } from "node:path";
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { SSMClient } from "@aws-sdk/client-ssm";
import { z } from "zod";
import type { Environment } from "../../config/environment.ts";
import type { Config } from "../../config/schema.ts";
import { AppError } from "../../errors.ts";
import type { Tls } from "./tls.ts";

export type SecretClients = {
  readonly secrets: () => Promise<Pick<SecretsManagerClient, "send">>;
  readonly parameters: () => Promise<Pick<SSMClient, "send">>;
};

/** The clients of a region, each loaded when it is needed: a function that needs neither starts without them. */
export const secretClients = (region: string): SecretClients => ({
  secrets: async () => {
    const { SecretsManagerClient } = await import("@aws-sdk/client-secrets-manager");
    return new SecretsManagerClient({ region, maxAttempts: 5 });
  },
  parameters: async () => {
    const { SSMClient } = await import("@aws-sdk/client-ssm");
    return new SSMClient({ region, maxAttempts: 5 });
  },
});

/** `{"username": …, "password": …}` is what Secrets Manager's own forms and rotation write; `{"token": …}` an API key. */
const written = z.union([
  z.object({ token: z.string().min(1) }).transform(({ token }) => token),
  z
    .object({ username: z.string().min(1), password: z.string().min(1) })
    .transform(({ username, password }) => `${username}:${password}`),
  z
    .object({ user: z.string().min(1), password: z.string().min(1) })
    .transform(({ user, password }) => `${user}:${password}`),
]);

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/**
 * The token that a secret holds: `user:password`, an API key, or JSON with user name and password. One newline at the
 * end, which editors and `echo` leave, is not part of it. Nothing of the text is ever in a message.
 * @param where what the message calls it
 * @throws AppError `STORE_UNAVAILABLE`: to documents it is an outage, which somebody will mend
 */
export const tokenIn = (text: string | undefined, where: string): string => {
  const token = (text ?? "").replace(/\r?\n$/, "");
  if (token === "")
    throw new AppError(
      "STORE_UNAVAILABLE",
      `${where} is empty: it must hold \`user:password\` or an API key`,
    );
  if (!/^\s*\{/.test(token)) return token;
  const parsed = written.safeParse(jsonOf(token));
  if (parsed.success) return parsed.data;
  throw new AppError(
    "STORE_UNAVAILABLE",
    `${where} holds JSON without a login: write {"username": …, "password": …}, {"token": …}, or \`user:password\` alone`,
  );
};

const unreadable =
  (what: string, permission: string) =>
  (cause: unknown): never => {
    const name = cause instanceof Error ? cause.name : String(cause);
    throw new AppError(
      "AWS_UNAVAILABLE",
      `cannot read ${what} (${name}): it must exist in the function's account and region, and its role needs ${permission}`,
      { cause },
    );
  };

const fromSecret = async (clients: SecretClients, name: string): Promise<string> => {
  const where = `the secret ${name} (store.tokenSecret)`;
  const { GetSecretValueCommand } = await import("@aws-sdk/client-secrets-manager");
  const client = await clients.secrets();
  const { SecretString } = await client
    .send(new GetSecretValueCommand({ SecretId: name }))
    .catch(unreadable(where, "secretsmanager:GetSecretValue"));
  return tokenIn(SecretString, where);
};

const fromParameter = async (clients: SecretClients, name: string): Promise<string> => {
  const where = `the SSM parameter ${name} (store.tokenParameter)`;
  const { GetParameterCommand } = await import("@aws-sdk/client-ssm");
  const client = await clients.parameters();
  const { Parameter } = await client
    .send(new GetParameterCommand({ Name: name, WithDecryption: true }))
    .catch(unreadable(where, "ssm:GetParameter"));
  return tokenIn(Parameter?.Value, where);
};

const fromEnvironment = ({ token, user, password }: Environment["storeLogin"]): string | null => {
  if (token !== null) return token;
  if (user === null && password === null) return null;
  if (user !== null && password !== null) return `${user}:${password}`;
  throw new AppError(
    "STORE_UNAVAILABLE",
    `KETTLE_STORE_${user === null ? "USER" : "PASSWORD"} is not set: a login needs both, or KETTLE_STORE_TOKEN alone`,
  );
};

type Login = {
  readonly config: Pick<Config, "store">;
  readonly storeLogin: Environment["storeLogin"];
};

/**
 * Where the login of the server comes from, first of: KETTLE_STORE_TOKEN; KETTLE_STORE_USER with KETTLE_STORE_PASSWORD;
 * `store.tokenSecret` (Secrets Manager); `store.tokenParameter` (SSM); none. Read anew with each call: a driver asks
 * when it connects, and again once a login has failed, so that a rotated password is taken up.
 * @throws AppError `STORE_UNAVAILABLE`, `AWS_UNAVAILABLE`, both retryable
 */
export const storeToken =
  ({ config, storeLogin }: Login, clients: SecretClients): (() => Promise<string | null>) =>
  async () => {
    const given = fromEnvironment(storeLogin);
    if (given !== null) return given;
    const { tokenSecret, tokenParameter } = config.store;
    if (tokenSecret !== null) return fromSecret(clients, tokenSecret);
    return tokenParameter === null ? null : fromParameter(clients, tokenParameter);
  };

/** TLS of the parameters, paths made absolute from where kettle.yml lies; null: none. */
export const storeTls = ({
  config,
  root,
}: {
  readonly config: Pick<Config, "store">;
  readonly root: string;
}): Tls | null => {
  const { tls, tlsFiles } = config.store;
  if (!tls) return null;
  const path = (file: string | null) => (file === null ? null : resolve(root, file));
  return {
    ca: path(tlsFiles.ca),
    certificate: path(tlsFiles.certificate),
    key: path(tlsFiles.key),
    serverName: tlsFiles.serverName,
  };
};
