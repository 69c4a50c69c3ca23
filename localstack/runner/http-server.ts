import { setTimeout as delay } from "node:timers/promises";
import { keepChild, runnerModule } from "./kept-child.ts";
import { StartError } from "./options.ts";
import type { StackDefinition } from "./stack-definition.ts";

export type HttpServer = {
  /** When `GET /health` has answered; rejects when it cannot. */
  readonly ready: Promise<void>;
  stop(graceMs: number): Promise<void>;
};

export type HttpServerSettings = {
  readonly root: string;
  readonly stage: string;
  readonly port: number;
  /** serverless.yml of the HTTP functions alone. */
  readonly service: unknown;
};

export type HttpServerOptions = {
  readonly definition: StackDefinition;
  readonly root: string;
  readonly port: number;
  readonly env: NodeJS.ProcessEnv;
  readonly onLine: (line: string) => void;
  readonly report: (line: string) => void;
};

/** @param env what functions see beside their own: serverless-offline would say that they are in /var/task */
export const httpService = (
  definition: StackDefinition,
  root: string,
  env: Readonly<Record<string, string>>,
) => ({
  service: definition.service,
  frameworkVersion: "4",
  configValidationMode: "off",
  provider: {
    name: "aws",
    runtime: "nodejs24.x",
    region: definition.region,
    stage: definition.stage,
    environment: { ...env, LAMBDA_TASK_ROOT: root },
    httpApi: definition.httpApi,
  },
  plugins: ["serverless-offline"],
  functions: Object.fromEntries(
    definition.functions
      .filter(({ routes }) => routes.length > 0)
      .map(({ key, name, handler, timeoutSeconds, memorySize, environment, routes }) => [
        key,
        {
          name,
          handler,
          timeout: timeoutSeconds,
          memorySize,
          environment,
          events: routes.map((httpApi) => ({ httpApi })),
        },
      ]),
  ),
});

const startTimeoutMs = 60_000;
const pollMs = 50;

/** A function that cannot be loaded is answered by serverless-offline itself: with 200, and its error as the body. */
const startFailure = async (response: Response): Promise<string | null> => {
  const body = await response.text();
  const thrown = /"errorMessage":"((?:[^"\\]|\\.)*)"/.exec(body);
  if (thrown) return JSON.parse(`"${thrown[1]}"`);
  if (response.status < 500 || body.includes('"checks"')) return null;
  return `GET /health answered ${response.status}: ${body.slice(0, 400)}`;
};

const untilHealthy = async (url: string, signal: AbortSignal): Promise<void> => {
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline) {
    signal.throwIfAborted();
    const response = await fetch(`${url}/health`, { signal }).catch(() => null);
    if (response !== null) {
      const failure = await startFailure(response);
      if (failure !== null) throw new StartError(failure);
      return;
    }
    await delay(pollMs);
  }
  throw new StartError(`the HTTP API did not answer within ${startTimeoutMs / 1000} s`);
};

/** Serves the HTTP functions by serverless-offline, in a child process, at 127.0.0.1. */
export const startHttpServer = (options: HttpServerOptions): HttpServer => {
  const { definition, root, port } = options;
  const ended = new AbortController();
  const settings: HttpServerSettings = {
    root,
    stage: definition.stage,
    port,
    service: httpService(definition, root, {}),
  };
  const child = keepChild({
    name: "http",
    module: runnerModule("http-server-main.ts"),
    cwd: root,
    env: options.env,
    onMessage: () => child.send(settings),
    onLine: options.onLine,
    onEnd: (reason) => ended.abort(new StartError(`the HTTP process ${reason} before it answered`)),
    report: options.report,
  });
  return {
    ready: untilHealthy(`http://127.0.0.1:${port}`, ended.signal),
    stop: async (graceMs) => {
      ended.abort(new StartError("stopped"));
      await child.stop(graceMs);
    },
  };
};
