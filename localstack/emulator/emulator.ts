import type { DatabaseSync } from "node:sqlite";
import { type Activity, activityFeed } from "./activity.ts";
import { openDatabase } from "./database.ts";
import { EmulatorError } from "./errors.ts";
import { BodyStore } from "./s3/body-store.ts";
import type { CorsRule } from "./s3/cors.ts";
import { s3Handler } from "./s3/handler.ts";
import { ObjectStore } from "./s3/object-store.ts";
import { UploadStore } from "./s3/upload-store.ts";
import { httpServer, listen } from "./server.ts";
import { sqsApp } from "./sqs/app.ts";
import { MoveTasks } from "./sqs/move-tasks.ts";
import { queueArn } from "./sqs/queue.ts";
import { type QueueReader, queueReader } from "./sqs/queue-reader.ts";
import { type QueueDepth, QueueStore } from "./sqs/queue-store.ts";

type EmulatedQueue = {
  readonly name: string;
  /** Seconds. */
  readonly visibilityTimeout: number;
  readonly retentionSeconds: number;
  /** `dlq` is the name of another queue of the list. */
  readonly redrive?: { readonly dlq: string; readonly maxReceiveCount: number };
};

type EmulatedBucket = {
  readonly name: string;
  /** `events` such as `s3:ObjectCreated:*`; `queue` is a queue's name. */
  readonly notifications: readonly { readonly queue: string; readonly events: readonly string[] }[];
  /** None: pages get nothing. */
  readonly cors?: readonly CorsRule[];
};

export type EmulatorOptions = {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host?: string;
  /** Where all state lives; created when missing; one emulator at a time. */
  readonly dataDir: string;
  readonly buckets: readonly EmulatedBucket[];
  readonly queues: readonly EmulatedQueue[];
  readonly region?: string;
  /** One line for each failure that is the emulator's own. */
  readonly log?: (line: string) => void;
};

export type Emulator = {
  /** For AWS_ENDPOINT_URL; no path-style setting is needed. */
  readonly url: string;
  readonly port: number;
  /** A queue for a consumer in this process. @throws SqsFault when there is no such queue */
  readonly queueReader: (name: string) => QueueReader;
  /** How many messages each queue holds, by name. */
  readonly queueDepths: () => readonly QueueDepth[];
  /** @returns a function that ends the subscription */
  readonly onActivity: (listener: (activity: Activity) => void) => () => void;
  /** Ends open requests and long polls, and lets go of the data folder. Calling it again does nothing. */
  readonly close: () => Promise<void>;
};

/** @throws EmulatorError `CONFIG_INVALID` naming every queue that is spoken of but not there */
const checkNames = ({ buckets, queues }: EmulatorOptions): void => {
  const known = new Set(queues.map(({ name }) => name));
  const named = [
    ...queues.flatMap(({ redrive }) => (redrive ? [redrive.dlq] : [])),
    ...buckets.flatMap(({ notifications }) => notifications.map(({ queue }) => queue)),
  ];
  const unknown = [...new Set(named.filter((name) => !known.has(name)))];
  if (unknown.length > 0)
    throw new EmulatorError("CONFIG_INVALID", `no such queue is declared: ${unknown.join(", ")}`);
};

const declare = ({ buckets, queues }: EmulatorOptions, stores: Stores, region: string): void => {
  for (const queue of queues) {
    const redrivePolicy = queue.redrive && {
      deadLetterTargetArn: queueArn(region, queue.redrive.dlq),
      maxReceiveCount: queue.redrive.maxReceiveCount,
    };
    stores.queues.save(queue.name, {
      VisibilityTimeout: String(queue.visibilityTimeout),
      MessageRetentionPeriod: String(queue.retentionSeconds),
      RedrivePolicy: redrivePolicy ? JSON.stringify(redrivePolicy) : "",
    });
  }
  for (const { name, notifications, cors } of buckets)
    stores.objects.saveBucket(name, {
      notifications: notifications.map((rule, index) => ({
        id: `${name}-${index}`,
        prefix: "",
        suffix: "",
        ...rule,
      })),
      cors: cors ?? [],
    });
};

type Stores = { readonly queues: QueueStore; readonly objects: ObjectStore; readonly uploads: UploadStore };

/**
 * S3 and SQS for one machine, in this process. What is answered with success is on disk and survives a kill; an object
 * and its notifications are one transaction. Any credentials are accepted and signatures are not checked.
 *
 * @throws EmulatorError when the port or the data folder cannot be had
 */
export const startEmulator = async (options: EmulatorOptions): Promise<Emulator> => {
  const { host = "127.0.0.1", region = "us-east-1", log = () => undefined } = options;
  checkNames(options);
  const database = openDatabase(options.dataDir);
  try {
    return await serve(database, options, { host, region, log });
  } catch (error) {
    database.close();
    throw error;
  }
};

const expiryMs = 60_000;

const serve = async (
  database: DatabaseSync,
  options: EmulatorOptions,
  { host, region, log }: { host: string; region: string; log: (line: string) => void },
): Promise<Emulator> => {
  const feed = activityFeed();
  const queues = new QueueStore(database, feed);
  const bodies = new BodyStore(options.dataDir);
  const objects = new ObjectStore({ database, bodies, queues, region, feed });
  const uploads = new UploadStore(database, objects);
  declare(options, { queues, objects, uploads }, region);
  let url = "";
  const moveTasks = new MoveTasks(queues);
  const app = sqsApp({ queues, moveTasks, region, url: () => url, log });
  await app.ready();
  const s3 = s3Handler({ objects, uploads, region }, log);
  const server = httpServer({ sqs: app.routing, s3: (request, response) => void s3(request, response) });
  const port = await listen(server, options.port, host);
  url = `http://${host}:${port}`;
  queues.expire();
  const timer = setInterval(() => queues.expire(), expiryMs);
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    queues.shutdown();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
    await app.close();
    database.close();
  };
  let stopping: Promise<void> | undefined;
  return {
    url,
    port,
    queueReader: (name) => queueReader(name, { queues, moveTasks, region }),
    queueDepths: () => queues.list().map(({ name }) => queues.depth(name)),
    onActivity: feed.listen,
    close: () => {
      stopping ??= stop();
      return stopping;
    },
  };
};
