import { seededRandom } from "../lib/cluster/random.ts";
import { type RerankerName, rerankerNames, rerankers } from "../lib/rerank/registry.ts";
import type { ClusteredHit, RerankContext } from "../lib/rerank/reranker.ts";
import { chunkRow } from "../test/search/rows.ts";
import type { BenchRow } from "./row.ts";

const [n, d] = [200, 384];
const goalMs = 1;
const runs = 300;

const random = seededRandom(7);
const gaussian = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const unit = (vector: Float32Array): Float32Array => {
  const norm = Math.hypot(...vector);
  return vector.map((x) => x / norm);
};

const pick = (letters: string): string => letters[Math.floor(letters.length * random())] ?? "";
const syllable = (): string => pick("bcdfghklmnprstvw") + pick("aeiou") + pick("nrstl        ").trim();
const vocabulary = Array.from({ length: 2_000 }, () =>
  Array.from({ length: 2 + Math.floor(3 * random()) }, syllable).join(""),
);
/** Zipf's law: the word of rank r stands with a probability that grows with 1 / r. */
const word = (): string => vocabulary[Math.floor(vocabulary.length ** random()) - 1] ?? "";
const words = (count: number): string => Array.from({ length: count }, word).join(" ");

/** Hits around the question as a multilingual model puts them, cosines of .7 to .9; texts of some 200 words. */
const makeHits = (query: Float32Array): readonly ClusteredHit[] => {
  const spread = (scale: number) => unit(query.map((x) => x * scale + 0.05 * gaussian()));
  const centres = Array.from({ length: 12 }, () => spread(1.6));
  return Array.from({ length: n }, (_, i) => {
    const centroid = centres[i % centres.length] ?? query;
    const vector = unit(centroid.map((x) => x + 0.03 * gaussian()));
    const score = vector.reduce((sum, x, at) => sum + x * (query[at] ?? 0), 0);
    const cluster = { id: i % centres.length, size: Math.ceil(n / 12), centroid, centerDistance: 0.2 };
    return {
      ...chunkRow({ id: `chunk-${i}`, vector, text: words(200) }),
      score,
      cluster,
      clusterDistance: 0.1,
    };
  });
};

const medianMs = async (run: () => unknown): Promise<number> => {
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[runs >> 1] ?? Number.NaN;
};

/** Reranking 200 hits × 384 by each reranker that needs no model; a question of twelve words. */
export const rerankRows = async (): Promise<readonly BenchRow[]> => {
  const query = unit(Float32Array.from({ length: d }, gaussian));
  const hits = makeHits(query);
  const context: RerankContext = {
    query,
    queryText: words(12),
    topK: 10,
    budgetTokens: null,
    options: {},
    signal: new AbortController().signal,
    scorePairs: async (_, texts) => new Float32Array(texts.length),
  };
  const names = rerankerNames.filter(
    (name): name is Exclude<RerankerName, "cross-encoder"> => name !== "cross-encoder",
  );
  const rows: BenchRow[] = [];
  for (const name of names) {
    const value = await medianMs(() => rerankers[name].rerank(hits, context));
    rows.push({
      name: `rerank ${n} hits × ${d}: ${name}`,
      value,
      unit: "ms",
      goal: `≤ ${goalMs} ms`,
      met: value <= goalMs,
    });
  }
  return rows;
};
