import type { Queue } from "../../lib/aws/queue.ts";
import type { Chunk } from "../../lib/chunk-row.ts";
import { documentId } from "../../lib/ids.ts";
import type { ReadEntry } from "../../lib/ledger/ledger.ts";
import { receiptsOver } from "../../lib/ledger/receipts.ts";
import { ledgerOver } from "../../lib/ledger/s3-ledger.ts";
import type { ClusterMessage, EmbedMessage, LookMessage, WriteMessage } from "../../lib/messages.ts";
import { clusterStep } from "../../lib/steps/cluster.ts";
import type { Delivery } from "../../lib/steps/delivery.ts";
import { type EmbedDeps, embedStep } from "../../lib/steps/embed.ts";
import { gcStep } from "../../lib/steps/gc.ts";
import { type ParseDeps, parseStep, type ReadChunks } from "../../lib/steps/parse.ts";
import { type ReconcileDeps, reconcileStep } from "../../lib/steps/reconcile.ts";
import { retryStep } from "../../lib/steps/retry.ts";
import { type WriteDeps, writeStep } from "../../lib/steps/write.ts";
import { memoryStore } from "../../lib/store/memory.ts";
import { collectionNames, type VectorStore } from "../../lib/store/store.ts";
import { memoryBucket } from "../contract/memory-bucket.ts";

export const embedding = { identity: "0123456789abcdef", model: "test", dimension: 2 };
export const imageEmbedding = { identity: "fedcba9876543210", model: "pictures", dimension: 3 };
export const key = "docs/k.txt";
export const id = documentId("documents", key);
const forever = new AbortController().signal;
export const first: Delivery = { lastReceive: false, signal: forever };
export const last: Delivery = { lastReceive: true, signal: forever };
export const look: LookMessage = { version: 1, bucket: "documents", key };

export const chunk = (ordinal: number, over: Partial<Chunk> = {}): Chunk => ({
  ordinal,
  text: `chunk ${ordinal}`,
  tokens: 2,
  page: null,
  heading: "",
  charStart: ordinal * 10,
  charEnd: ordinal * 10 + 8,
  modality: "text",
  language: "en",
  contentHash: "h",
  quality: 1,
  qualityFlags: [],
  ...over,
});

/** One chunk a line; a line that begins with "poor" has quality 0.1. */
export const lines: ReadChunks = async ({ bytes }) => ({
  chunks: Buffer.from(bytes)
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((text, ordinal) => chunk(ordinal, { text, quality: text.startsWith("poor") ? 0.1 : 0.9 })),
  metadata: {},
});

const recorder = <Message>(): Queue<Message> & { readonly sent: Message[] } => {
  const sent: Message[] = [];
  return {
    sent,
    send: async (messages) => {
      sent.push(...messages);
    },
  };
};

/** Everything in memory, a clock that stands still until it is moved, and the real steps over it. */
export const harness = (store: VectorStore = memoryStore()) => {
  const time = { now: 1_000_000 };
  const clock = () => time.now;
  const documents = memoryBucket("documents", clock);
  const state = memoryBucket("state", clock);
  let nonces = 0;
  const ledger = ledgerOver({ state, bucket: "documents", clock, nonce: () => `n${++nonces}` });
  const receipts = receiptsOver(state);
  const collection = "kettle";
  const gc = gcStep({ ledger, store, receipts, collection });
  const queues = {
    ingest: recorder<LookMessage>(),
    embed: recorder<EmbedMessage>(),
    cluster: recorder<ClusterMessage>(),
    write: recorder<WriteMessage>(),
  };
  const ready: string[] = [];
  const onReady = async () => {
    ready.push("ready");
  };
  const shared = { ledger, receipts, gc, clock, onReady };
  const steps = {
    parse: (over: Partial<ParseDeps> = {}) =>
      parseStep({
        ...shared,
        bucket: documents,
        queue: queues.embed,
        readChunks: lines,
        limits: { objectBytes: 1_000, chunks: 100 },
        fingerprint: "f1",
        embedding,
        images: null,
        ...over,
      }),
    embed: (identity = embedding.identity, over: Partial<EmbedDeps> = {}) =>
      embedStep({
        ...shared,
        queue: queues.cluster,
        imageEmbedder: async () => ({
          ...imageEmbedding,
          embedPictures: async (pictures) => Float32Array.from(pictures.flatMap(() => [0, 1, 0])),
        }),
        ...over,
        embedder: {
          ...embedding,
          identity,
          embed: async (texts) => Float32Array.from(texts.flatMap(() => [1, 0])),
        },
      }),
    cluster: () =>
      clusterStep({
        ...shared,
        queue: queues.write,
        labeler: {
          label: async (vectors, dimension) => ({
            version: 3,
            ids: new Int32Array(vectors.length / dimension).fill(7),
            distances: new Float32Array(vectors.length / dimension).fill(0.1),
          }),
        },
      }),
    write: (over: Partial<WriteDeps> = {}) =>
      writeStep({ ...shared, store, collection, quality: { threshold: 0.3, action: "separate" }, ...over }),
    retry: () => retryStep({ ledger, queue: queues.ingest, bucket: "documents", clock }),
    reconcile: (over: Partial<ReconcileDeps> = {}) =>
      reconcileStep({
        documents,
        state,
        ledger,
        receipts,
        store,
        queue: queues.ingest,
        gc,
        collection,
        embedding,
        images: null,
        fingerprint: "f1",
        stuckMinutes: 30,
        maxAttempts: 3,
        clock,
        ...over,
      }),
  };

  const next = async <Message>(
    queue: { readonly sent: Message[] },
    step: (message: Message, delivery: Delivery) => Promise<void>,
  ): Promise<boolean> => {
    const message = queue.sent.shift();
    if (message === undefined) return false;
    await step(message, first);
    return true;
  };

  /** Runs everything that is queued, in order, until nothing is. */
  const drain = async (): Promise<void> => {
    const { ingest, embed, cluster, write } = queues;
    const stages = [
      () => next(ingest, steps.parse()),
      () => next(embed, steps.embed()),
      () => next(cluster, steps.cluster()),
      () => next(write, steps.write()),
    ];
    for (let busy = true; busy; ) {
      busy = false;
      for (const stage of stages) busy = (await stage()) || busy;
    }
  };

  const entry = async (): Promise<ReadEntry> => {
    const read = await ledger.read(key);
    if (read === null) throw new Error(`no entry of ${key}`);
    return read;
  };

  const names = collectionNames(collection, embedding.identity);
  const texts = async (name: string = names.main): Promise<readonly string[]> =>
    (await store.resolve(name)) === null
      ? []
      : (await store.scan(name, { limit: 1000 })).rows
          .filter(({ documentId }) => documentId === id)
          .sort((a, b) => a.ordinal - b.ordinal)
          .map(({ text }) => text);

  /** Puts the object and ingests it to the end. */
  const ingest = async (body: string): Promise<void> => {
    documents.upload(key, body);
    await steps.parse()(look, first);
    await drain();
  };

  return {
    time,
    documents,
    state,
    ledger,
    receipts,
    store,
    gc,
    queues,
    ready,
    steps,
    drain,
    entry,
    names,
    texts,
    ingest,
  };
};
