import type { Readable } from "node:stream";
import type { Bucket } from "../../lib/aws/bucket.ts";
import type { Queue } from "../../lib/aws/queue.ts";
import type { Ledger } from "../../lib/ledger/ledger.ts";
import { type Receipts, receiptsOver } from "../../lib/ledger/receipts.ts";
import { ledgerOver } from "../../lib/ledger/s3-ledger.ts";
import type { ClusterMessage, EmbedMessage, LookMessage, WriteMessage } from "../../lib/messages.ts";
import { clusterStep } from "../../lib/steps/cluster.ts";
import type { Delivery } from "../../lib/steps/delivery.ts";
import { embedStep } from "../../lib/steps/embed.ts";
import { type Gc, type GcDeps, gcStep } from "../../lib/steps/gc.ts";
import { parseStep } from "../../lib/steps/parse.ts";
import { reconcileStep } from "../../lib/steps/reconcile.ts";
import { retryStep } from "../../lib/steps/retry.ts";
import { writeStep } from "../../lib/steps/write.ts";
import { memoryData, memoryStore } from "../../lib/store/memory.ts";
import { collectionNames, imagesName, type VectorStore } from "../../lib/store/store.ts";
import { type MemoryBucket, memoryBucket } from "../contract/memory-bucket.ts";
import { objectBytes, reader, threshold } from "./content.ts";
import type { Random } from "./random.ts";
import type { Process, Scheduler } from "./scheduler.ts";

export const bucketName = "documents";
export const collection = "kettle";
export const embedding = { identity: "0123456789abcdef", model: "test", dimension: 2 } as const;
export const images = { identity: "fedcba9876543210", model: "pictures", dimension: 3 } as const;
export const names = {
  ...collectionNames(collection, embedding.identity),
  images: imagesName(collection, images.identity),
};
export const fingerprint = "f";
export const maxAttempts = 3;
export const stuckMinutes = 30;
/** One chunk to a batch, or a few. */
const messageSizes = [1_250, 1_600, 2_200] as const;

export type QueueName = "ingest" | "embed" | "cluster" | "write";
export type Messages = {
  readonly ingest: LookMessage;
  readonly embed: EmbedMessage;
  readonly cluster: ClusterMessage;
  readonly write: WriteMessage;
};
export type Queued = {
  readonly id: number;
  readonly queue: QueueName;
  readonly body: Messages[QueueName];
  receives: number;
  /** Deliveries in progress. */
  active: number;
};

/** Everything that outlives an invocation. */
export type World = {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly documents: MemoryBucket;
  readonly state: MemoryBucket;
  readonly data: ReturnType<typeof memoryData>;
  readonly queued: Queued[];
  readonly dead: Queued[];
  readonly failures: { flaky: number };
  readonly maxMessageBytes: number;
  /** Raised whenever rows change. */
  rowsVersion: number;
  now: number;
  ids: number;
  nonces: number;
  /** Are the calls that make collections await points? */
  readonly gateCollections: boolean;
};

export const createWorld = (random: Random, scheduler: Scheduler): World => {
  const world: World = {
    random,
    scheduler,
    documents: memoryBucket(bucketName, () => world.now),
    state: memoryBucket("state", () => world.now),
    data: memoryData(),
    queued: [],
    dead: [],
    failures: { flaky: random.below(8) },
    maxMessageBytes: random.pick(messageSizes),
    rowsVersion: 0,
    now: 1_000_000,
    ids: 0,
    nonces: 0,
    gateCollections: random.chance(0.05),
  };
  return world;
};

export const enqueue = (world: World, queue: QueueName, body: Messages[QueueName]): void => {
  world.queued.push({ id: ++world.ids, queue, body, receives: 0, active: 0 });
};

/** A stream that costs nothing: a step only iterates it and destroys it. */
const bodyOf = (bytes: Uint8Array): Readable =>
  ({
    async *[Symbol.asyncIterator]() {
      yield bytes;
    },
    destroy: () => {},
  }) as unknown as Readable;

const gatedBucket = (world: World, process: Process, base: MemoryBucket): Bucket => {
  const { gate } = world.scheduler;
  return {
    name: base.name,
    head: (key) => gate(process, `HEAD ${key}`, () => base.head(key)),
    get: (key) =>
      gate(process, `GET ${key}`, async () => {
        const head = await base.head(key);
        return head === null ? null : { ...head, body: bodyOf(base.objects.get(key)!.bytes) };
      }),
    tags: (key) => gate(process, `GET tags ${key}`, () => base.tags(key)),
    put: (key, body, options) => gate(process, `PUT ${key} ${body}`, () => base.put(key, body, options)),
    list: (options) => gate(process, `LIST ${options.prefix}`, () => base.list(options)),
    delete: (keys) => gate(process, `DELETE ${keys.join(" ")}`, () => base.delete(keys)),
  };
};

const gatedStore = (world: World, process: Process): VectorStore => {
  const { gate } = world.scheduler;
  const base = memoryStore(world.data);
  const maybe = <T>(label: string, effect: () => Promise<T>): Promise<T> =>
    world.gateCollections ? gate(process, label, effect) : effect();
  return {
    ...base,
    ensure: (spec) => maybe(`ensure ${spec.name}`, () => base.ensure(spec)),
    resolve: (name) => maybe(`resolve ${name}`, () => base.resolve(name)),
    setAlias: (alias, name) => maybe(`alias ${alias}`, () => base.setAlias(alias, name)),
    collections: () => maybe("collections", () => base.collections()),
    upsert: (name, rows) =>
      gate(process, `upsert ${name} ${rows.map(({ run, text }) => `${run}:${text}`).join(" ")}`, () => {
        world.rowsVersion += 1;
        return base.upsert(name, rows);
      }),
    delete: (name, filter) =>
      gate(process, `delete rows ${name} ${JSON.stringify(filter)}`, () => {
        world.rowsVersion += 1;
        return base.delete(name, filter);
      }),
    count: (name, filter) => gate(process, `count ${name}`, () => base.count(name, filter)),
    scan: (name, options) => gate(process, `scan ${name}`, () => base.scan(name, options)),
  };
};

const gatedQueue = <Name extends QueueName>(
  world: World,
  process: Process,
  name: Name,
): Queue<Messages[Name]> => ({
  // One call a message: a death in the middle of a batch leaves the first ones sent.
  send: async (messages) => {
    for (const message of messages)
      await world.scheduler.gate(process, `send ${name}`, () => enqueue(world, name, message));
  },
});

/** The rules that a test can break on purpose; without it the steps are the real ones. */
export type Sabotage = {
  readonly gc?: (deps: GcDeps) => Gc;
  readonly writeStore?: (store: VectorStore, receipts: Receipts) => VectorStore;
  readonly writeLedger?: (ledger: Ledger) => Ledger;
  readonly parseBucket?: (bucket: Bucket) => Bucket;
  readonly ledgerState?: (state: Bucket) => Bucket;
  readonly ledger?: (ledger: Ledger) => Ledger;
};

const portsOf = (world: World, process: Process, sabotage: Sabotage) => {
  const clock = () => world.now;
  const state = gatedBucket(world, process, world.state);
  const plainLedger = ledgerOver({
    state: sabotage.ledgerState?.(state) ?? state,
    bucket: bucketName,
    clock,
    nonce: () => `n${++world.nonces}`,
  });
  const ledger = sabotage.ledger?.(plainLedger) ?? plainLedger;
  const store = gatedStore(world, process);
  const receipts = receiptsOver(state);
  const gcDeps = { ledger, store, receipts, collection };
  const gc = (sabotage.gc ?? gcStep)(gcDeps);
  return { clock, state, ledger, store, receipts, gc, onReady: async () => {} };
};

/** The real steps over gated ports, for one process. */
export const stepsOf = (world: World, process: Process, sabotage: Sabotage) => {
  const ports = portsOf(world, process, sabotage);
  const documents = gatedBucket(world, process, world.documents);
  const { gate } = world.scheduler;
  const queue = <Name extends QueueName>(name: Name) => gatedQueue(world, process, name);
  const readChunks = reader(world.random, world.failures);
  return {
    ingest: () =>
      parseStep({
        ...ports,
        bucket: sabotage.parseBucket?.(documents) ?? documents,
        queue: queue("embed"),
        readChunks: (input) => gate(process, "read chunks", () => readChunks(input), false),
        limits: { objectBytes, chunks: 100 },
        fingerprint,
        embedding,
        images,
        maxMessageBytes: world.maxMessageBytes,
      }),
    embed: () =>
      embedStep({
        ...ports,
        queue: queue("cluster"),
        imageEmbedder: async () => ({
          ...images,
          embedPictures: (pictures) =>
            gate(
              process,
              "embed pictures",
              () => Float32Array.from(pictures.flatMap(() => [0, 1, 0])),
              false,
            ),
        }),
        embedder: {
          ...embedding,
          embed: (texts) =>
            gate(process, "embed", () => Float32Array.from(texts.flatMap(() => [1, 0])), false),
        },
      }),
    cluster: () =>
      clusterStep({
        ...ports,
        queue: queue("write"),
        labeler: {
          label: async (vectors, dimension) => ({
            version: 0,
            ids: new Int32Array(vectors.length / dimension).fill(-1),
            distances: new Float32Array(vectors.length / dimension),
          }),
        },
      }),
    write: () =>
      writeStep({
        ...ports,
        ledger: sabotage.writeLedger?.(ports.ledger) ?? ports.ledger,
        store: sabotage.writeStore?.(ports.store, ports.receipts) ?? ports.store,
        collection,
        quality: { threshold, action: "separate" },
      }),
    reconcile: () =>
      reconcileStep({
        ...ports,
        documents,
        queue: queue("ingest"),
        collection,
        embedding,
        images,
        fingerprint,
        stuckMinutes,
        maxAttempts,
        pageSize: 2,
      }),
    retry: () => retryStep({ ...ports, queue: queue("ingest"), bucket: bucketName }),
  };
};

/** The step of a queue, as a function of any of its messages. */
export const handlerOf = (
  world: World,
  process: Process,
  queue: QueueName,
  sabotage: Sabotage,
): ((body: Messages[QueueName], delivery: Delivery) => Promise<void>) =>
  stepsOf(world, process, sabotage)[queue]() as (
    body: Messages[QueueName],
    delivery: Delivery,
  ) => Promise<void>;
