import { z } from "zod";
import { byScore } from "./order.ts";
import { cosines, median, ofNeighbours, plus, standardised, wordScores } from "./relevance.ts";
import type { ClusteredHit, RerankContext, Reranker } from "./reranker.ts";

/** Figures of the defaults, and of what lost against them: docs/balance.md. */
const options = z.strictObject({
  /** Weight of the question's words beside the score. */
  words: z.number().min(0).max(10).default(0.5),
  /** Weight of how relevant the nearest other candidates are. */
  neighbours: z.number().min(0).max(10).default(0.8),
  /**
   * Ends the answer at the first hit so many standard deviations below the best; null: never. By default 3, and never
   * within a budget: then the caller has said what may be spent.
   */
  stop: z.number().min(0).nullable().optional(),
});

const defaultStop = 3;
const neighbourCount = 8;
/** Copies differ by less than this share of what candidates differ by. */
const copyShare = 0.12;
/** Pairs looked at for the median. */
const sampledPairs = 1_000;

type Kept = {
  readonly hits: readonly ClusteredHit[];
  /** Cosines of the kept `[n, n]`. */
  readonly pairs: Float32Array;
  /** Median cosine of two candidates. */
  readonly typical: number;
  /** Cosines to the question. */
  readonly toQuestion: ArrayLike<number>;
};

const typicalCosine = (pairs: Float32Array, n: number): number => {
  const count = (n * (n - 1)) / 2;
  const step = Math.max(1, Math.floor(count / sampledPairs));
  const seen = new Float32Array(Math.ceil(count / step));
  let size = 0;
  // Every so many of the pairs j < i, in order of i, then j.
  for (let i = 1, j = 0; i < n; j += step) {
    while (i < n && j >= i) j -= i++;
    if (i < n) seen[size++] = pairs[i * n + j] as number;
  }
  return size === 0 ? 1 : median(seen.subarray(0, size));
};

const pairsAmong = (pairs: Float32Array, n: number, kept: readonly number[]): Float32Array => {
  const m = kept.length;
  const among = new Float32Array(m * m);
  for (let a = 0; a < m; a++)
    for (let b = 0; b < m; b++) among[a * m + b] = pairs[(kept[a] ?? 0) * n + (kept[b] ?? 0)] ?? 0;
  return among;
};

/**
 * Near-copies once, the best-scored of each. What a copy is goes by the distances at hand, since cosines of one model lie
 * in .7–1 and of another in 0–1; the distance to the question counts too, for when all candidates are copies of one text.
 */
const withoutCopies = (sorted: readonly ClusteredHit[], query: Float32Array): Kept => {
  const n = sorted.length;
  const { pairs, toQuestion } = cosines(sorted, query);
  const typical = typicalCosine(pairs, n);
  const copy = 1 - copyShare * (1 - Math.min(typical, median(toQuestion)));
  const kept: number[] = [];
  const copies = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    if (copies[i] === 1) continue;
    kept.push(i);
    for (let j = i + 1; j < n; j++) if ((pairs[i * n + j] as number) >= copy) copies[j] = 1;
  }
  return {
    hits: kept.flatMap((i) => sorted[i] ?? []),
    pairs: kept.length === n ? pairs : pairsAmong(pairs, n, kept),
    typical,
    toQuestion: kept.map((i) => toQuestion[i] ?? 0),
  };
};

/**
 * Score, words and neighbourhood together, in standard deviations. The cosine stands beside the score for sparse and
 * hybrid search; of dense search it is the score.
 */
const relevanceOf = (
  { hits, pairs, typical, toQuestion }: Kept,
  question: string,
  { words, neighbours }: z.infer<typeof options>,
): Float64Array => {
  const scores = hits.map(({ score }) => score);
  const found = standardised(plus(standardised(scores), 1, standardised(toQuestion)));
  const texts = hits.map(({ text }) => text);
  const own = words === 0 ? found : plus(found, words, standardised(wordScores(question, texts)));
  if (neighbours === 0) return standardised(own);
  const company = standardised(ofNeighbours(own, pairs, neighbourCount, typical));
  return standardised(plus(own, neighbours, company));
};

/** In the order of relevance; what does not fit into the budget is passed over for what does. */
const choose = (
  hits: readonly ClusteredHit[],
  relevance: Float64Array,
  stop: number | null,
  { topK, budgetTokens }: RerankContext,
): readonly ClusteredHit[] => {
  const order = [...hits.keys()].sort((a, b) => (relevance[b] ?? 0) - (relevance[a] ?? 0) || a - b);
  const least = stop === null ? Number.NEGATIVE_INFINITY : (relevance[order[0] ?? 0] ?? 0) - stop;
  const chosen: ClusteredHit[] = [];
  let left = budgetTokens ?? Number.POSITIVE_INFINITY;
  for (const index of order) {
    const hit = hits[index];
    if (hit === undefined || chosen.length === topK || (relevance[index] ?? 0) < least) break;
    if (hit.tokens > left) continue;
    left -= hit.tokens;
    chosen.push(hit);
  }
  return chosen;
};

/**
 * The most relevant text for the tokens: near-copies once; relevance from the score, the question's words and the nearest
 * other candidates; a budget filled rather than cut; an end where relevance falls off.
 */
export const balanced: Reranker = {
  reorders: false,
  options,
  rerank: (hits, context) => {
    const given = options.parse(context.options);
    const kept = withoutCopies([...hits].sort(byScore), context.query);
    const stop = given.stop === undefined && context.budgetTokens === null ? defaultStop : given.stop;
    return choose(kept.hits, relevanceOf(kept, context.queryText, given), stop ?? null, context);
  },
};
