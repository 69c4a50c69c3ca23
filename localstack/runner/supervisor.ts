import { availableParallelism } from "node:os";
import { loadConfig } from "../../lib/config/load.ts";
import type { Config } from "../../lib/config/schema.ts";
import { requireLocalstack, requireStore, requireUsableStore } from "../external-services.ts";
import { type AwsServices, startAwsServices } from "./aws-services.ts";
import { childEnvironment } from "./child-environment.ts";
import { lockDataDir } from "./data-lock.ts";
import type { Endings } from "./endings.ts";
import { type FunctionHost, startFunctionHost } from "./function-host.ts";
import { startHttpServer } from "./http-server.ts";
import { type LogFiles, openLogFiles } from "./log-files.ts";
import { StartError, type StartOptions } from "./options.ts";
import { startPoller } from "./poller.ts";
import { claimPort } from "./ports.ts";
import { readStackDefinition } from "./print-service.ts";
import { startScheduler } from "./scheduler.ts";
import type { FunctionDefinition, StackDefinition } from "./stack-definition.ts";

/** A running stack. */
export type Stack = {
  readonly url: string;
  /** S3 and SQS. */
  readonly awsUrl: string;
  readonly region: string;
  readonly documentBucket: string;
  /** LocalStack had no document bucket: what was ingested before is gone. */
  readonly isEmpty: boolean;
  readonly logsDirectory: string;
};

export type StackOptions = Pick<
  StartOptions,
  "httpPort" | "awsPort" | "localstackUrl" | "dataDir" | "stage"
> & {
  /** The repository. */
  readonly root: string;
  /** Where the user is. */
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  /** A line for people: warnings of functions, crashes. */
  readonly report: (line: string) => void;
  /** Aborted when the user wants to stop before all is up. */
  readonly signal: AbortSignal;
};

/** Of the two seconds that Ctrl-C may take: for running invocations, then for processes that do not hear. */
const invocationGraceMs = 700;
const processGraceMs = 300;

const checkConfig = (env: NodeJS.ProcessEnv, stage: string): Config => {
  try {
    return loadConfig(env.KETTLE_CONFIG ?? "kettle.yml", stage);
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error));
  }
};

const claimPorts = async ({ httpPort, awsPort, localstackUrl }: StackOptions) => {
  const [http, aws] = await Promise.all([
    claimPort(httpPort, "KETTLE_HTTP_PORT"),
    localstackUrl === null ? claimPort(awsPort, "KETTLE_AWS_PORT") : 0,
  ]);
  return { http, url: `http://127.0.0.1:${http}`, aws, awsUrl: localstackUrl ?? `http://127.0.0.1:${aws}` };
};

type Ports = Awaited<ReturnType<typeof claimPorts>>;

type Processes = {
  readonly definition: StackDefinition;
  readonly env: NodeJS.ProcessEnv;
  readonly logs: LogFiles;
};

/** One process for each function that a queue or a schedule calls. */
const startHosts = (
  { root, report }: StackOptions,
  { definition, env, logs }: Processes,
  endings: Endings,
): ReadonlyMap<string, FunctionHost> => {
  const called = definition.functions.filter((f) => f.queues.length > 0 || f.schedules.length > 0);
  return new Map(
    called.map((fn) => {
      const onLine = (line: string) => logs.write(fn.key, line);
      const host = startFunctionHost({ definition: fn, root, env, onLine, report });
      endings.add("processes", () => host.stop(invocationGraceMs));
      return [fn.key, host];
    }),
  );
};

type Invoke = (fn: FunctionDefinition, event: unknown) => Promise<unknown>;

const startPollers = async (
  options: StackOptions,
  { functions, region }: StackDefinition,
  { services, invoke, endings }: { services: AwsServices; invoke: Invoke; endings: Endings },
) => {
  for (const fn of functions)
    for (const mapping of fn.queues) {
      const poller = startPoller({
        mapping,
        region,
        source: await services.source(mapping.queue),
        // More invocations than cores would only wait for each other.
        concurrency: Math.min(mapping.maximumConcurrency ?? Number.POSITIVE_INFINITY, availableParallelism()),
        invoke: (event) => invoke(fn, event),
        report: (line) => options.report(`${fn.key}  ${line}`),
      });
      // Not waited for: what runs is given its time by its host.
      endings.add("intake", () => void poller.stop());
    }
};

/** Rejects with the signal's reason, never resolves. */
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });

/** S3, SQS and every process; nothing is taken from a queue yet. */
const startProcesses = async (
  options: StackOptions,
  ports: Ports,
  endings: Endings,
): Promise<{ processes: Processes; hosts: ReadonlyMap<string, FunctionHost>; services: AwsServices }> => {
  const { root, stage, dataDir, localstackUrl, report, signal } = options;
  const envFor = (region: string) => childEnvironment({ ...options, region, awsUrl: ports.awsUrl });
  const config = checkConfig(envFor("us-east-1"), stage);
  if (localstackUrl !== null) {
    await requireLocalstack(localstackUrl);
    await requireStore(config);
  }
  const definition = await readStackDefinition(root, stage, envFor("us-east-1"), signal);
  const env = envFor(definition.region);
  const logs = openLogFiles(dataDir, report);
  endings.add("logs", () => logs.close());
  const services = await startAwsServices(
    {
      definition,
      port: ports.aws,
      url: ports.awsUrl,
      localstackUrl,
      dataDir,
      httpPort: ports.http,
      log: (line) => logs.write("aws", line),
    },
    endings,
  );
  signal.throwIfAborted();
  const processes = { definition, env, logs };
  const hosts = startHosts(options, processes, endings);
  const onLine = (line: string) => logs.write("http", line);
  const http = startHttpServer({ definition, root, port: ports.http, env, onLine, report });
  endings.add("processes", () => http.stop(processGraceMs));
  const ready = [http.ready, ...[...hosts.values()].map((host) => host.ready)];
  await Promise.race([Promise.all(ready), aborted(signal)]);
  return { processes, hosts, services };
};

/**
 * Starts S3 and SQS in this process, or prepares LocalStack's, every function in a child, and what feeds them. Whatever
 * was started is in `endings`, also when this throws.
 * @throws StartError in one line for what the user can mend
 */
export const startStack = async (options: StackOptions, endings: Endings): Promise<Stack> => {
  const { dataDir, report } = options;
  const lock = lockDataDir(dataDir);
  endings.add("lock", () => lock.release());
  const ports = await claimPorts(options);
  lock.describe(ports.url);
  const { processes, hosts, services } = await startProcesses(options, ports, endings);
  const { definition, logs } = processes;
  if (options.localstackUrl !== null) await requireUsableStore(ports.url);
  const invoke: Invoke = async (fn, event) => hosts.get(fn.key)?.invoke(event);
  // A failure to start must not use up deliveries: messages are taken only once every function is there.
  await startPollers(options, definition, { services, invoke, endings });
  const { functions, region, documentBucket } = definition;
  const scheduler = startScheduler({ functions, region, dataDir, invoke, report });
  endings.add("intake", () => scheduler.stop());
  const { url, awsUrl } = ports;
  const { isEmpty } = services;
  return { url, awsUrl, region, documentBucket, isEmpty, logsDirectory: logs.directory };
};
