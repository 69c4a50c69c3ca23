import type { ChunkRow } from "../../lib/chunk-row.ts";
import { configSchema } from "../../lib/config/schema.ts";
import type { EmbedKind } from "../../lib/embed/embedder.ts";
import type { OnnxEmbedder } from "../../lib/embed/onnx.ts";
import { cutToTokens, type JudgedHit, ndcg } from "../../lib/eval/metrics.ts";
import { type SearchHit, searchStep } from "../../lib/steps/search.ts";
import { noImages } from "../../lib/steps/search-space.ts";
import { embeddedStore } from "../../lib/store/embedded.ts";
import { collectionNames } from "../../lib/store/store.ts";
import { embedCached } from "../retrieval/vectors.ts";
import type { Arm, DocumentChunks } from "./arms.ts";
import type { LongSet, Span } from "./long-documents.ts";

export const budgets = [500, 1_000, 2_000] as const;
const topK = 10;
/** Hits that the budgets are filled from. */
const depth = 200;

/** What one question gave. */
export type Measured = {
  readonly ndcg: number;
  /** By budget: share of the spans' characters that were handed on. */
  readonly recall: readonly number[];
  /** Searches of the store for an answer of 10 hits. */
  readonly searches: number;
};

type Place = Pick<SearchHit, "documentId" | "charStart" | "charEnd">;

const shared = (hit: Place, span: Span): number =>
  hit.documentId === span.documentId
    ? Math.max(0, Math.min(hit.charEnd, span.end) - Math.max(hit.charStart, span.start))
    : 0;

/** A hit is relevant to a span if it holds half of it, or half of the hit lies in it. */
export const isRelevant = (hit: Place, span: Span): boolean =>
  shared(hit, span) * 2 >= Math.min(hit.charEnd - hit.charStart, span.end - span.start);

/** Each hit with the first span it is relevant to that no hit before it was. */
const judge = (hits: readonly Place[], spans: readonly Span[]): readonly JudgedHit[] => {
  const seen = new Set<number>();
  return hits.map((hit) => {
    const at = spans.findIndex((span, n) => !seen.has(n) && isRelevant(hit, span));
    seen.add(at);
    return { group: `${at}`, tokens: 0 };
  });
};

/** Share of the spans' characters that some hit holds. */
export const coverage = (hits: readonly Place[], spans: readonly Span[]): number => {
  let [held, all] = [0, 0];
  for (const span of spans) {
    const covered = new Uint8Array(span.end - span.start);
    for (const hit of hits)
      if (shared(hit, span) > 0)
        covered.fill(1, Math.max(0, hit.charStart - span.start), Math.max(0, hit.charEnd - span.start));
    held += covered.reduce((sum, one) => sum + one, 0);
    all += covered.length;
  }
  return all === 0 ? 0 : held / all;
};

const configOf = ({ parent }: Arm) => {
  const chunking = parent === null ? {} : { parent: { tokens: parent } };
  return { ...configSchema.parse({ chunking }), stage: "bench" };
};

const rowsOf = (
  documents: readonly DocumentChunks[],
  vectors: readonly Float32Array[],
): readonly ChunkRow[] => {
  let at = 0;
  return documents.flatMap(({ documentId, chunks }) =>
    chunks.map(({ parent, ...chunk }): ChunkRow => {
      const idOf = (ordinal: number): string => `${documentId}-${ordinal}`;
      return {
        ...chunk,
        id: idOf(chunk.ordinal),
        documentId,
        run: 1,
        key: documentId,
        contentType: "text/plain",
        metadata: {},
        ingestedAt: 0,
        duplicateGroup: "",
        clusterId: -1,
        clusterVersion: 0,
        clusterDistance: 0,
        vector: vectors[at++] ?? new Float32Array(0),
        ...(parent && { parent: { ...parent, id: idOf(parent.ordinal) } }),
      };
    }),
  );
};

type Options = {
  readonly arm: Arm;
  readonly embedder: OnnxEmbedder;
  readonly cache: string;
  readonly progress: (line: string) => void;
};

const never = new AbortController().signal;
const plain = { rerank: "none", cluster: { algorithm: "none" } } as const;

/** The search step over a store of the rows; `searches` counts how often it asked the store. */
const openSearch = async (
  rows: readonly ChunkRow[],
  questions: ReadonlyMap<string, Float32Array>,
  { arm, embedder }: Options,
) => {
  const { identity, model, dimension } = embedder;
  const config = configOf(arm);
  const store = embeddedStore({ path: ":memory:" });
  const name = collectionNames(config.store.collection, identity).main;
  await store.ensure({ name, dimension, identity, model });
  await store.setAlias(config.store.collection, name);
  await store.upsert(name, rows);
  const asked = { searches: 0 };
  const search = searchStep({
    config,
    store: {
      ...store,
      search: (collection, request) => {
        asked.searches++;
        return store.search(collection, request);
      },
    },
    images: noImages,
    embedder: {
      identity,
      model,
      embed: async ([text = ""]) => questions.get(text) ?? embedder.embed([text], "query"),
    },
    centroids: { current: async () => null },
    customRerankers: async () => null,
    scorePairs: () => Promise.reject(new Error("the benchmark has no cross-encoder")),
    clock: () => performance.now(),
  });
  const hitsOf = async (query: string, most: number) =>
    (await search({ ...plain, query, topK: most }, never)).hits;
  return { asked, hitsOf, close: () => store.close() };
};

/** Every question of the set through the search step, plain and dense: what differs is how the documents were cut. */
export const measureArm = async (
  documents: readonly DocumentChunks[],
  { questions }: LongSet,
  options: Options,
): Promise<readonly Measured[]> => {
  const { embedder, cache, progress } = options;
  const vectorsOf = async (texts: readonly string[], kind: EmbedKind) =>
    (await embedCached(embedder, texts, kind, cache, progress)).map(({ vector }) => vector);
  const texts = documents.flatMap(({ chunks }) => chunks.map(({ text }) => text));
  const rows = rowsOf(documents, await vectorsOf(texts, "passage"));
  const asked = questions.map(({ text }) => text);
  const vectors = await vectorsOf(asked, "query");
  const known = new Map(asked.flatMap((text, at) => (vectors[at] ? [[text, vectors[at]] as const] : [])));
  const search = await openSearch(rows, known, options);
  const tokens = new Map(rows.map(({ id, parent, tokens: own }) => [id, parent?.tokens ?? own]));
  const measured: Measured[] = [];
  for (const { text, spans } of questions) {
    search.asked.searches = 0;
    const hits = await search.hitsOf(text, topK);
    const { searches } = search.asked;
    const deep = await search.hitsOf(text, depth);
    const costs = deep.map(({ id }) => ({ group: id, tokens: tokens.get(id) ?? 0 }));
    const within = budgets.map((budget) => deep.slice(0, cutToTokens(costs, budget).length));
    measured.push({
      ndcg: ndcg(judge(hits, spans), new Set(spans.map((_, at) => `${at}`)), topK),
      recall: within.map((some) => coverage(some, spans)),
      searches,
    });
  }
  await search.close();
  return measured;
};
