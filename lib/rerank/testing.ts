import { seededRandom } from "../cluster/random.ts";
import { cosineDistance, dotRows } from "../cluster/vectors.ts";
import { AppError } from "../errors.ts";
import { customReranker } from "./custom.ts";
import { byScore } from "./order.ts";
import type { ClusteredHit, HitCluster, RerankContext, Reranker } from "./reranker.ts";

/** For tests of rerankers of one's own; nothing of Kettle itself uses this file. docs/custom-rerankers.md */

const dimension = 8;

const unit = (values: Float32Array): Float32Array => {
  const length = Math.hypot(...values) || 1;
  return values.map((x) => x / length);
};

const question = unit(Float32Array.from({ length: dimension }, (_, i) => (i === 0 ? 1 : 0)));

/** A context as a search gives it; what matters to a test is given. */
export const rerankContext = (given: Partial<RerankContext> = {}): RerankContext => ({
  query: question,
  queryText: "how hot should the water be?",
  topK: 10,
  budgetTokens: null,
  options: {},
  signal: new AbortController().signal,
  scorePairs: async (_, texts) => new Float32Array(texts.length),
  ...given,
});

const alone = (vector: Float32Array): HitCluster => ({
  id: -1,
  size: 1,
  centroid: vector,
  centerDistance: cosineDistance(dotRows(vector, 0, question, 0, vector.length)),
});

/** A hit of which only what matters to a test is given. Without a `cluster` it is in none. */
export const clusteredHit = (given: Partial<ClusteredHit> & { readonly id: string }): ClusteredHit => {
  const { vector = question, id } = given;
  return {
    documentId: id,
    run: 1,
    key: `${id}.txt`,
    contentType: "text/plain",
    metadata: {},
    ingestedAt: 0,
    ordinal: 0,
    text: `text of ${id}`,
    tokens: 100,
    page: null,
    heading: "",
    charStart: 0,
    charEnd: 10,
    modality: "text",
    language: "en",
    contentHash: "",
    quality: 1,
    qualityFlags: [],
    clusterId: -1,
    clusterVersion: 0,
    clusterDistance: 0,
    vector,
    duplicateGroup: "",
    score: dotRows(vector, 0, question, 0, vector.length),
    cluster: alone(vector),
    ...given,
  };
};

/** `count` hits of three clusters and some of none, best score first; the same for the same seed. */
export const randomHits = (count: number, seed = 1): readonly ClusteredHit[] => {
  const random = seededRandom(seed);
  const vectorOf = (): Float32Array =>
    unit(Float32Array.from({ length: dimension }, (_, i) => (i === 0 ? 1 : random() - 0.5)));
  const centres = [vectorOf(), vectorOf(), vectorOf()];
  const labels = Array.from({ length: count }, () => Math.floor(random() * 4));
  const clusters = centres.map((centroid, id) => ({
    ...alone(centroid),
    id,
    size: labels.filter((label) => label === id).length,
  }));
  const hits = labels.map((label, i) => {
    const vector = vectorOf();
    const cluster = clusters[label] ?? { ...alone(vector), id: -1 - i };
    const clusterDistance =
      label < 3 ? cosineDistance(dotRows(vector, 0, cluster.centroid, 0, dimension)) : 0;
    const tokens = 20 + Math.floor(random() * 300);
    return clusteredHit({ id: `hit-${i}`, vector, cluster, clusterDistance, tokens });
  });
  return hits.sort(byScore);
};

const idsOf = (hits: readonly ClusteredHit[]): string => hits.map(({ id }) => id).join(" ");

const checkOn = async (reranker: Reranker, hits: readonly ClusteredHit[], context: RerankContext) => {
  const frozen = hits.map((hit) => Object.freeze({ ...hit }));
  const first = await reranker.rerank(frozen, context);
  const again = await reranker.rerank([...frozen].reverse(), context);
  if (idsOf(first) !== idsOf(again))
    return `gives "${idsOf(first)}" and then "${idsOf(again)}" for the same ${hits.length} hits`;
  return reranker.reorders && first.length !== hits.length
    ? `says \`reorders = true\` but keeps ${first.length} of ${hits.length} hits`
    : null;
};

/**
 * Runs a module as a search would, on no hits, one, and many, and checks what every reranker must hold: it gives hits of
 * its input, each at most once, the same for the same hits, within its time, and all of them if it only reorders.
 * @param exported what the module exports: `import * as mine from "./mine.ts"`
 * @throws AppError `RERANKER_FAILED` that says what it did
 */
export const checkReranker = async (
  exported: unknown,
  {
    options = {},
    timeoutMs = 5_000,
  }: { readonly options?: Readonly<Record<string, unknown>>; readonly timeoutMs?: number } = {},
): Promise<void> => {
  const where = { name: "checked", path: "this module", timeoutMs };
  const reranker = customReranker(exported, where);
  for (const count of [0, 1, 2, 25, 100]) {
    const problem = await checkOn(reranker, randomHits(count, count), rerankContext({ options }));
    if (problem !== null) throw new AppError("RERANKER_FAILED", `the reranker ${problem}`);
  }
};
