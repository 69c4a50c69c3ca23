import { join } from "node:path";
import { type Emulator, startEmulator } from "../emulator/emulator.ts";
import { provision } from "../provision.ts";
import type { Endings } from "./endings.ts";
import { patientSource } from "./patient-source.ts";
import { bucketClient, emulatorSource, type QueueSource, queueClient, sqsSource } from "./queue-source.ts";
import type { StackDefinition } from "./stack-definition.ts";

export type AwsServicesOptions = {
  readonly definition: StackDefinition;
  /** Of this process's S3 and SQS. */
  readonly port: number;
  /** Where S3 and SQS are in the end. */
  readonly url: string;
  /** Null: S3 and SQS are emulated in this process. */
  readonly localstackUrl: string | null;
  readonly dataDir: string;
  /** The page of the HTTP API may be open under either name of this machine. */
  readonly httpPort: number;
  readonly log: (line: string) => void;
};

const ownOrigins = (port: number) => [`http://127.0.0.1:${port}`, `http://localhost:${port}`];

const emulate = async (
  { definition, port, dataDir, httpPort, log }: AwsServicesOptions,
  endings: Endings,
): Promise<Emulator> => {
  const own = ownOrigins(httpPort);
  const emulator = await startEmulator({
    port,
    host: "127.0.0.1",
    dataDir: join(dataDir, "aws"),
    buckets: definition.buckets.map((bucket) => ({
      ...bucket,
      cors: bucket.cors.map((rule) => ({
        ...rule,
        allowedOrigins: rule.allowedOrigins.flatMap((origin) => origin ?? own),
      })),
    })),
    queues: definition.queues,
    region: definition.region,
    log,
  });
  endings.add("emulator", () => emulator.close());
  return emulator;
};

const prepareLocalstack = async ({ definition, url, httpPort }: AwsServicesOptions): Promise<boolean> => {
  const s3 = bucketClient(url, definition.region);
  const sqs = queueClient(url, definition.region);
  try {
    const { createdBuckets } = await provision({ s3, sqs }, definition, ownOrigins(httpPort));
    return createdBuckets.includes(definition.documentBucket);
  } finally {
    s3.destroy();
    sqs.destroy();
  }
};

export type AwsServices = {
  /** LocalStack had no document bucket: it forgets everything when it ends. */
  readonly isEmpty: boolean;
  /** The queue as a poller reads it. */
  source(queue: string): Promise<QueueSource>;
};

/** LocalStack's queues are read with patience. */
const localstackSources = (
  { url, definition }: AwsServicesOptions,
  endings: Endings,
): AwsServices["source"] => {
  const client = queueClient(url, definition.region);
  endings.add("clients", () => client.destroy());
  return async (queue) => {
    const source = patientSource(await sqsSource(client, queue));
    endings.add("intake", () => source.settled());
    return source;
  };
};

/** S3 and SQS with the buckets and queues of the definition: in this process, or LocalStack's. */
export const startAwsServices = async (
  options: AwsServicesOptions,
  endings: Endings,
): Promise<AwsServices> => {
  if (options.localstackUrl !== null) {
    const isEmpty = await prepareLocalstack(options);
    return { isEmpty, source: localstackSources(options, endings) };
  }
  const emulator = await emulate(options, endings);
  return { isEmpty: false, source: async (queue) => emulatorSource(emulator.queueReader(queue)) };
};
