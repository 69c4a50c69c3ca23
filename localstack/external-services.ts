import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { parseEnv } from "node:util";
import type { Config } from "../lib/config/schema.ts";
import { StartError } from "./runner/options.ts";

const hint = 'run "docker compose up -d" and wait until it is healthy';
const timeoutMs = 5_000;

/**
 * The environment of `npm run start:localstack`: what .env says where the user's own variables say nothing, and Milvus's
 * login made of the password that docker-compose.yml takes from there.
 */
export const localstackEnvironment = (root: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const file = join(root, ".env");
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const all = { ...(existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {}), ...given };
  return {
    ...all,
    ...(!all.KETTLE_STORE_TOKEN &&
      !all.KETTLE_STORE_USER &&
      all.MILVUS_ROOT_PASSWORD && { KETTLE_STORE_TOKEN: `root:${all.MILVUS_ROOT_PASSWORD}` }),
    ...(!all.AWS_ENDPOINT_URL &&
      all.LOCALSTACK_PORT && { AWS_ENDPOINT_URL: `http://127.0.0.1:${all.LOCALSTACK_PORT}` }),
  };
};

type Health = { readonly services?: Readonly<Record<string, string>> };

const askHealth = async (url: string): Promise<Health | null> => {
  let response: Response;
  try {
    response = await fetch(`${url}/_localstack/health`, { signal: AbortSignal.timeout(timeoutMs) });
  } catch {
    throw new StartError(`no LocalStack answers at ${url}: ${hint}, or set AWS_ENDPOINT_URL`);
  }
  return response.ok ? ((await response.json().catch(() => null)) as Health | null) : null;
};

/** @throws StartError in one line, which says what to do, when LocalStack does not serve S3 and SQS at `url` */
export const requireLocalstack = async (url: string): Promise<void> => {
  const health = await askHealth(url);
  if (typeof health?.services !== "object")
    throw new StartError(
      `what answers at ${url} is not LocalStack (is "npm start" running there?): stop it, or set AWS_ENDPOINT_URL`,
    );
  for (const service of ["s3", "sqs"]) {
    const state = health.services[service] ?? "missing";
    if (!["available", "running"].includes(state))
      throw new StartError(`LocalStack at ${url} does not serve ${service} (${state}): set SERVICES=s3,sqs`);
  }
};

const accepts = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const answer = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.once("connect", answer(true)).once("error", answer(false)).once("timeout", answer(false));
  });

/** @throws StartError in one line when the store is Milvus and nobody listens at its address */
export const requireStore = async ({ store }: Pick<Config, "store">): Promise<void> => {
  if (store.driver !== "milvus" || store.address === null) return;
  const { hostname, port } = new URL(`tcp://${store.address.replace(/^[a-z]+:\/\//, "")}`);
  if (!(await accepts(hostname.replace(/^\[|\]$/g, ""), Number(port || 19_530))))
    throw new StartError(`no Milvus answers at ${store.address} (store.address of kettle.yml): ${hint}`);
};

const loginHint =
  "\n(npm run start:localstack takes MILVUS_ROOT_PASSWORD of .env where KETTLE_STORE_TOKEN is not set)";

type Checks = { readonly checks?: readonly { name: string; ok: boolean; message: string }[] };

/**
 * Asks the HTTP API whether it can use the store: a login that Milvus refuses is told before any message is taken.
 * @throws StartError with the store's own words
 */
export const requireUsableStore = async (apiUrl: string): Promise<void> => {
  const response = await fetch(`${apiUrl}/health`);
  const { checks = [] } = ((await response.json().catch(() => null)) ?? {}) as Checks;
  const store = checks.find(({ name }) => name === "store");
  if (store?.ok !== false) return;
  const isLogin = store.message.includes("KETTLE_STORE_TOKEN");
  throw new StartError(store.message + (isLogin ? loginHint : ""));
};
