import { type FunctionName, functionNames } from "../lib/config/function-names.ts";
import type { Config } from "../lib/config/schema.ts";

/** The queues, each with the function that drains it. */
export const queueFunctions = {
  ingest: "parse",
  embed: "embed",
  cluster: "cluster",
  write: "writer",
  recluster: "recluster",
} as const;
export type QueueName = keyof typeof queueFunctions;
export const queueNames = Object.keys(queueFunctions) as QueueName[];

/** SQS needs 6 × the function's timeout, or a throttled batch comes back while it still runs (AWS Lambda guide). */
const visibilityFactor = 6;

/** HTTP API integrations end at 30 s; a second less lets the function answer by itself. */
const httpTimeout = 29;

const secondsPerDay = 86_400;

/** Seconds, by function. Parse gets a minute beyond `limits.seconds` for download, ledger and sending. */
const timeouts = (config: Config): Record<FunctionName, number> => ({
  parse: Math.min(900, config.limits.seconds + 60),
  embed: 120,
  cluster: 30,
  writer: 60,
  recluster: 300,
  reconcile: 300,
  search: httpTimeout,
  documents: httpTimeout,
  clusters: httpTimeout,
  uploads: httpTimeout,
  api: httpTimeout,
});

/** Megabytes, which also buy processor time. Parse and embed are at the work itself; search embeds one question. */
const memories: Record<FunctionName, number> = {
  parse: 3008,
  embed: 3008,
  cluster: 512,
  writer: 1024,
  recluster: 3008,
  reconcile: 1024,
  search: 2048,
  documents: 512,
  clusters: 512,
  uploads: 512,
  api: 512,
};

/** What serverless.yml needs beyond kettle.yml: numbers derived from it. All times in seconds. */
export type Sizing = {
  /** As Lambda names it. */
  readonly architecture: "arm64" | "x86_64";
  /** Megabytes. */
  readonly memory: Readonly<Record<FunctionName, number>>;
  /** Environments that are kept started; 0: none. */
  readonly provisioned: Readonly<Record<FunctionName, number>>;
  readonly timeouts: Readonly<Record<FunctionName, number>>;
  readonly visibility: Readonly<Record<QueueName, number>>;
  readonly retention: number;
  readonly deadLetterRetention: number;
};

export const sizing = (config: Config): Sizing => {
  const seconds = timeouts(config);
  return {
    architecture: config.aws.architecture === "x64" ? "x86_64" : "arm64",
    memory: { ...memories, ...config.functions.memory },
    provisioned: Object.fromEntries(
      functionNames.map((name) => [name, config.functions.provisioned[name] ?? 0]),
    ) as Record<FunctionName, number>,
    timeouts: seconds,
    visibility: Object.fromEntries(
      queueNames.map((queue) => [queue, seconds[queueFunctions[queue]] * visibilityFactor]),
    ) as Record<QueueName, number>,
    retention: config.queues.retentionDays * secondsPerDay,
    deadLetterRetention: 14 * secondsPerDay,
  };
};
