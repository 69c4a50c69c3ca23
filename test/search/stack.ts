import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { bucketCentroids } from "../../lib/centroids/centroids.ts";
import { bucketSampleParts } from "../../lib/centroids/sample-parts.ts";
import { bucketShards } from "../../lib/centroids/survey.ts";
import type { ChunkRow } from "../../lib/chunk-row.ts";
import { parseConfig } from "../../lib/config/load.ts";
import { hashEmbedder } from "../../lib/embed/hash-embedder.ts";
import type { RebuildMessage, ReclusterMessage } from "../../lib/messages.ts";
import { customRerankers } from "../../lib/steps/custom-rerankers.ts";
import { reclusterStep } from "../../lib/steps/recluster.ts";
import { type SearchQuery, searchStep } from "../../lib/steps/search.ts";
import { type ImageSearch, noImages } from "../../lib/steps/search-space.ts";
import { embeddedStore } from "../../lib/store/embedded.ts";
import { collectionNames } from "../../lib/store/store.ts";
import { memoryBucket } from "../contract/memory-bucket.ts";
import { chunkRow } from "./rows.ts";

const silent = { info: () => {}, debug: () => {} };

/** The embedded store on a file of its own, gone when the test is over. */
const temporaryStore = async () => {
  const folder = await mkdtemp(join(tmpdir(), "kettle-search-"));
  const store = embeddedStore({ path: join(folder, "store.sqlite") });
  onTestFinished(async () => {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  return store;
};

/** Everything that search needs: the embedded store, a bucket in memory, the hashing embedder; time stands still. */
export const searchStack = async (yaml = "", images: ImageSearch = noImages) => {
  const store = await temporaryStore();
  const config = parseConfig(yaml, "local");
  const embedder = hashEmbedder();
  const clock = { ms: 1_000 };
  const now = () => clock.ms;
  const bucket = memoryBucket("kettle-state", now);
  let nonces = 0;
  const centroids = bucketCentroids({ bucket, now, nonce: () => `n${++nonces}` });
  const names = collectionNames(config.store.collection, embedder.identity);
  const spec = { dimension: embedder.dimension, identity: embedder.identity, model: embedder.model };
  await store.ensure({ ...spec, name: names.main });
  await store.setAlias(config.store.collection, names.main);
  await store.ensure({ ...spec, name: names.low });
  await store.setAlias(`${config.store.collection}_low`, names.low);

  const add = async (collection: string, rows: readonly (Partial<ChunkRow> & { id: string })[]) => {
    const made = rows.map((row) => chunkRow(row));
    const vectors = await embedder.embed(
      made.map(({ text }) => text),
      "passage",
    );
    const d = embedder.dimension;
    const withVectors = made.map((row, i) => ({ ...row, vector: vectors.slice(i * d, (i + 1) * d) }));
    await store.upsert(collection, withVectors);
  };
  const step = searchStep({
    config,
    store,
    embedder,
    images,
    centroids,
    customRerankers: customRerankers({ custom: config.search.custom, root: process.cwd() }),
    clock: () => performance.now(),
    scorePairs: async (_, texts) => new Float32Array(texts.length),
  });
  const queued: ReclusterMessage[] = [];
  const reclusterDeps = {
    config,
    store,
    centroids,
    samples: bucketSampleParts(bucket, now),
    shards: bucketShards(bucket),
    queue: { send: async (messages: readonly ReclusterMessage[]) => void queued.push(...messages) },
    log: silent,
    now,
  };
  const recluster = reclusterStep(reclusterDeps);
  return {
    config,
    store,
    embedder,
    centroids,
    bucket,
    clock,
    names,
    add: (...rows: readonly (Partial<ChunkRow> & { id: string })[]) => add(names.main, rows),
    addLow: (...rows: readonly (Partial<ChunkRow> & { id: string })[]) => add(names.low, rows),
    search: (query: SearchQuery, signal = new AbortController().signal) => step(query, signal),
    /** What the recluster step sent to itself. */
    queued,
    reclusterDeps,
    recluster: (reason: RebuildMessage["reason"] = "request", signal = new AbortController().signal) =>
      recluster({ version: 1, reason }, { signal }),
  };
};

const subjects = {
  tea: "green tea leaves brewed in hot water taste sweet",
  kite: "a kite flies on its line against the wind",
  coffee: "coffee beans are roasted ground and extracted as espresso",
};

/** `each` rows of three subjects, so alike within one and so unlike across that every clustering finds them. */
export const subjectRows = (each: number) =>
  Object.entries(subjects).flatMap(([subject, text]) =>
    Array.from({ length: each }, (_, i) => ({
      id: `${subject}-${String(i).padStart(3, "0")}`,
      documentId: `${subject}-document-${i}`,
      text: `${text} ${subject} number${i}`,
    })),
  );
