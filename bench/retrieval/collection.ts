import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PublishedCentroids } from "../../lib/centroids/published.ts";
import type { ChunkRow } from "../../lib/chunk-row.ts";
import { clusterModels } from "../../lib/cluster/registry.ts";
import { joinedRows } from "../../lib/cluster/vectors.ts";
import { configSchema } from "../../lib/config/schema.ts";
import type { OnnxEmbedder } from "../../lib/embed/onnx.ts";
import type { JudgedHit } from "../../lib/eval/metrics.ts";
import { hashParts } from "../../lib/ids.ts";
import type { Reranker } from "../../lib/rerank/reranker.ts";
import { type Search, type SearchAnswer, type SearchDeps, searchStep } from "../../lib/steps/search.ts";
import { noImages } from "../../lib/steps/search-space.ts";
import { embeddedStore } from "../../lib/store/embedded.ts";
import { collectionNames, type VectorStore } from "../../lib/store/store.ts";
import type { Passage, Question, TestSet } from "./data.ts";
import { type Embedded, embedCached } from "./vectors.ts";

const config = { ...configSchema.parse({}), stage: "bench" };
const rowsPerUpsert = 500;

/** A test set in an embedded store, with clusters published as Kettle does when it is left alone. */
export type TestCollection = {
  readonly set: TestSet;
  readonly search: Search;
  /** Passages of each group. */
  readonly groupSizes: ReadonlyMap<string, number>;
  readonly judge: (answer: SearchAnswer) => readonly JudgedHit[];
  /** What the store found for the last question is kept until the next one is asked. */
  readonly next: () => void;
  close(): Promise<void>;
};

const rowOf = ({ id, text }: Passage, { vector, tokens }: Embedded): ChunkRow => ({
  id: hashParts("bench", id),
  documentId: id,
  run: 1,
  ordinal: 0,
  text,
  vector,
  tokens,
  quality: 1,
  qualityFlags: [],
  clusterId: -1,
  clusterVersion: 0,
  clusterDistance: 0,
  duplicateGroup: "",
  key: id,
  page: null,
  heading: "",
  charStart: 0,
  charEnd: text.length,
  contentType: "text/plain",
  modality: "text",
  language: "und",
  contentHash: "",
  metadata: {},
  ingestedAt: 0,
});

const trainCentroids = async (
  vectors: readonly Embedded[],
  { identity, dimension }: OnnxEmbedder,
): Promise<PublishedCentroids> => {
  const all = joinedRows(vectors.map(({ vector }) => vector));
  const { algorithm, seed } = config.clustering;
  const { k, centroids } = await clusterModels.kmeans.offline.fit(all, dimension, { k: "auto", seed });
  const published = { version: 1, identity, algorithm, seed, k, dimension, centroids, trainedAt: 0 };
  const names = { ids: Array.from({ length: k }, (_, id) => id), nextId: k };
  const told = { sizes: [], spreads: [], meanDistance: 0, terms: [], nearest: [] };
  return { ...published, ...names, ...told, rows: vectors.length, sampled: vectors.length };
};

/** Several rerankers get what one search of the store found. */
const remembering = (store: VectorStore) => {
  const found = new Map<string, ReturnType<VectorStore["search"]>>();
  const search: VectorStore["search"] = (collection, request) => {
    const key = `${request.mode} ${request.limit} ${request.text}`;
    const answer = found.get(key) ?? store.search(collection, request);
    found.set(key, answer);
    return answer;
  };
  return { search, resolve: store.resolve, fetch: store.fetch, next: () => found.clear() };
};

const fill = async (
  store: VectorStore,
  { passages }: TestSet,
  vectors: readonly Embedded[],
  { model, identity, dimension }: OnnxEmbedder,
): Promise<void> => {
  const name = collectionNames(config.store.collection, identity).main;
  await store.ensure({ name, dimension, identity, model });
  await store.setAlias(config.store.collection, name);
  const rows = passages.map((passage, i) =>
    rowOf(passage, vectors[i] ?? { vector: new Float32Array(dimension), tokens: 0 }),
  );
  for (let from = 0; from < rows.length; from += rowsPerUpsert)
    await store.upsert(name, rows.slice(from, from + rowsPerUpsert));
};

const cachedQuestions = async (
  embedder: OnnxEmbedder,
  questions: readonly Question[],
  folder: string,
  progress: (line: string) => void,
): Promise<SearchDeps["embedder"]> => {
  const texts = questions.map(({ text }) => text);
  const vectors = await embedCached(embedder, texts, "query", folder, progress);
  const known = new Map(texts.map((text, i) => [text, vectors[i]?.vector]));
  return {
    identity: embedder.identity,
    model: embedder.model,
    embed: async ([text = ""]) => known.get(text) ?? embedder.embed([text], "query"),
  };
};

/** Embeds a set (or takes its vectors from the cache), stores it and trains its clusters. */
export const openCollection = async (
  set: TestSet,
  options: {
    readonly embedder: OnnxEmbedder;
    /** Of the vectors' cache. */
    readonly cache: string;
    /** Rerankers beside those that ship, as `custom:<name>`. */
    readonly others?: Readonly<Record<string, Reranker>>;
    readonly progress: (line: string) => void;
  },
): Promise<TestCollection> => {
  const { embedder, cache, others = {}, progress } = options;
  const texts = set.passages.map(({ text }) => text);
  const vectors = await embedCached(embedder, texts, "passage", cache, progress);
  const questions = await cachedQuestions(embedder, set.questions, cache, progress);
  progress(`${set.name}: storing ${texts.length} passages, training clusters`);
  const folder = mkdtempSync(join(tmpdir(), "kettle-bench-"));
  const store = embeddedStore({ path: join(folder, "store.sqlite") });
  await fill(store, set, vectors, embedder);
  const published = await trainCentroids(vectors, embedder);
  const { next, ...remembered } = remembering(store);
  const groups = new Map(set.passages.map(({ id, group }, i) => [id, { group, at: i }]));
  return {
    set,
    search: searchStep({
      config,
      store: remembered,
      embedder: questions,
      images: noImages,
      centroids: { current: async () => published },
      customRerankers: async (name) => others[name] ?? null,
      // A cross-encoder reads each of 200 candidates with the question: hours for these sets.
      scorePairs: () => Promise.reject(new Error("the benchmark has no cross-encoder")),
      clock: () => performance.now(),
    }),
    groupSizes: new Map(
      [...Map.groupBy(set.passages, ({ group }) => group)].map(([g, all]) => [g, all.length]),
    ),
    judge: ({ hits }) =>
      hits.map(({ key }) => {
        const known = groups.get(key);
        return { group: known?.group ?? key, tokens: vectors[known?.at ?? 0]?.tokens ?? 0 };
      }),
    next,
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
