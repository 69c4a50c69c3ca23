import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetQueueUrlCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { readEnvironment } from "../lib/config/environment.ts";
import { type Emulator, startEmulator } from "../localstack/emulator/emulator.ts";
import { type Invocation, type Invoked, invokeBundle } from "../localstack/invoke-bundle.ts";
import { bundleFunction } from "../packaging/bundle.ts";
import type { Bench, BenchOptions, BenchRow } from "./row.ts";
import { storeOneChunk } from "./start-store.ts";

/**
 * From the start of a process to its first vector, by the functions as they are packaged: a batch of one chunk through
 * embed (ledger read, vector made, message sent), and a question through search (vector made, store asked). Each run is a
 * process of its own; the files are in the page cache, as they are on a host that started the function before.
 */

const runs = 11;
const goalMs = 800;
const root = join(import.meta.dirname, "..");
const credentials = { accessKeyId: "any", secretAccessKey: "thing" };
const region = "us-east-1";

const queues = ["ingest", "embed", "cluster", "write", "recluster"].map((name) => ({
  name: `kettle-${name}`,
  visibilityTimeout: 600,
  retentionSeconds: 86_400,
}));

const sqsEvent = (queue: string, body: string) => ({
  Records: [
    {
      messageId: "1",
      receiptHandle: "1",
      body,
      attributes: { ApproximateReceiveCount: "1" },
      messageAttributes: {},
      eventSource: "aws:sqs",
      eventSourceARN: `arn:aws:sqs:${region}:000000000000:kettle-${queue}`,
    },
  ],
});

const searchEvent = {
  version: "2.0",
  routeKey: "POST /search",
  rawPath: "/search",
  rawQueryString: "",
  headers: { "content-type": "application/json" },
  requestContext: {
    http: {
      method: "POST",
      path: "/search",
      protocol: "HTTP/1.1",
      sourceIp: "192.0.2.1",
      userAgent: "bench",
    },
    requestId: "1",
    routeKey: "POST /search",
    stage: "$default",
    time: "",
    timeEpoch: 0,
  },
  body: JSON.stringify({ query: "Which birds circle in rising air?", cluster: { algorithm: "none" } }),
  isBase64Encoded: false,
};

const nextMessage = async (sqs: SQSClient, queue: string): Promise<string> => {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: `kettle-${queue}` }));
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 2 }));
  const [message] = Messages;
  if (message?.Body === undefined) throw new Error(`nothing came to the queue ${queue}`);
  return message.Body;
};

type Bundles = Readonly<Record<"parse" | "embed" | "search", string>>;

const bundleAll = async (out: string, { progress }: BenchOptions): Promise<Bundles> => {
  const { config } = readEnvironment();
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  const folders: Record<string, string> = {};
  for (const name of ["parse", "embed", "search"] as const) {
    progress(`bundling ${name}`);
    const bundled = await bundleFunction(name, { root, out, config, target: { platform: "linux", arch } });
    folders[name] = bundled.folder;
  }
  return folders as Bundles;
};

/** A real message for embed: what parse makes of a sample. */
const parsedMessage = async (
  bundles: Bundles,
  emulator: Emulator,
  env: Invocation["env"] = {},
): Promise<string> => {
  const client = { endpoint: emulator.url, region, credentials };
  const Body = readFileSync(join(root, "samples/birds/kettling.txt"));
  await new S3Client(client).send(new PutObjectCommand({ Bucket: "kettle-documents", Key: "a.txt", Body }));
  const look = JSON.stringify({ version: 1, bucket: "kettle-documents", key: "a.txt" });
  await invokeBundle({ folder: bundles.parse, name: "parse", event: sqsEvent("ingest", look), env });
  const message = JSON.parse(await nextMessage(new SQSClient(client), "embed"));
  return JSON.stringify({ ...message, chunks: message.chunks.slice(0, 1) });
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const measure = async (
  invocation: Invocation,
  answered: (answer: unknown) => boolean,
): Promise<BenchRow[]> => {
  const measured: Invoked[] = [];
  for (let run = 0; run <= runs; run++) {
    const invoked = await invokeBundle(invocation);
    if (!answered(invoked.answer))
      throw new Error(`${invocation.name} failed: ${JSON.stringify(invoked.answer)}\n${invoked.printed}`);
    // The first brings the files into the page cache.
    if (run > 0) measured.push(invoked);
  }
  const row = (name: string, pick: (invoked: Invoked) => number): BenchRow => ({
    name: `${invocation.name}: ${name}, median of ${runs}`,
    value: median(measured.map(pick)),
    unit: "ms",
  });
  const first = row("process start to first vector", ({ answeredMs }) => answeredMs);
  return [
    { ...first, goal: `at most ${goalMs} ms`, met: first.value <= goalMs },
    row("of it until the function is loaded, its model with it", ({ importedMs }) => importedMs),
    row("processor time, all threads", ({ cpuMs }) => cpuMs),
  ];
};

const isConsumed = (answer: unknown): boolean =>
  (answer as { readonly batchItemFailures?: readonly unknown[] }).batchItemFailures?.length === 0;

/** With the question embedded: where nothing is stored, a search answers without. */
const isFound = (answer: unknown): boolean => {
  const { statusCode, body = "{}" } = answer as { readonly statusCode?: number; readonly body?: string };
  if (statusCode !== 200) return false;
  const { hits, timings } = JSON.parse(body);
  return hits.length === 1 && timings.embedMs > 0;
};

const run = async (options: BenchOptions): Promise<readonly BenchRow[]> => {
  const folder = mkdtempSync(join(tmpdir(), "kettle-start-"));
  const buckets = ["kettle-documents", "kettle-state"].map((name) => ({ name, notifications: [] }));
  const emulator = await startEmulator({ port: 0, dataDir: join(folder, "aws"), buckets, queues });
  try {
    const bundles = await bundleAll(join(folder, "bundles"), options);
    const env = { AWS_ENDPOINT_URL: emulator.url, KETTLE_DATA_DIR: join(folder, "data") };
    const event = sqsEvent("embed", await parsedMessage(bundles, emulator, env));
    await storeOneChunk(env.KETTLE_DATA_DIR);
    options.progress("starting embed");
    const embed = await measure(
      { folder: bundles.embed, name: "embed", event, env, memoryMb: 3008 },
      isConsumed,
    );
    options.progress("starting search");
    const search = await measure(
      { folder: bundles.search, name: "search", event: searchEvent, env },
      isFound,
    );
    return [...embed, ...search];
  } finally {
    await emulator.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

export const startBench: Bench = { name: "start", run };
