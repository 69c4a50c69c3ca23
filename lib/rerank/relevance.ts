import { dotProducts } from "../cluster/dot-kernel.ts";
import type { ClusteredHit } from "./reranker.ts";

/** Standard scores: mean 0, deviation 1; all 0 where the values are equal. Thresholds on them suit any model's cosines. */
export const standardised = (values: ArrayLike<number>): Float64Array => {
  const n = values.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += (values[i] ?? 0) / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += ((values[i] ?? 0) - mean) ** 2;
  const deviation = Math.sqrt(squares / n);
  return Float64Array.from({ length: n }, (_, i) =>
    deviation < 1e-12 ? 0 : ((values[i] ?? 0) - mean) / deviation,
  );
};

/** `a + weight · b`. */
export const plus = (a: Float64Array, weight: number, b: Float64Array): Float64Array =>
  a.map((x, i) => x + weight * (b[i] ?? 0));

export const median = (values: ArrayLike<number>): number =>
  Float64Array.from(values).sort()[values.length >> 1] ?? 0;

/** Cosines `[n, n]` of all pairs: 200 × 384 in some .8 ms. */
export const cosines = (hits: readonly Pick<ClusteredHit, "vector">[]): Float32Array => {
  const n = hits.length;
  const d = hits[0]?.vector.length ?? 0;
  const all = new Float32Array(n * d);
  for (const [i, { vector }] of hits.entries()) all.set(vector, i * d);
  const pairs = new Float32Array(n * n);
  dotProducts(all, all, d, (row, dots) => pairs.set(dots, row * n));
  return pairs;
};

const ideographs = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+/gu;
/** Words that stand in most English texts and tell nothing. */
const common = new Set(
  "an and are as at be been by can do does for from had has have how if in into is it its not of on or that the their then there these they this to was were what when where which who why will with".split(
    " ",
  ),
);

const pairsOf = (run: string): readonly string[] =>
  Array.from({ length: Math.max(1, run.length - 1) }, (_, i) => run.slice(i, i + 2));

/** What to look for in texts: words without a plural's s, and pairs of ideographs; at most 32. */
export const termsOf = (question: string): readonly string[] => {
  const lower = question.normalize("NFKC").toLowerCase();
  const words = lower
    .replace(ideographs, " ")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 1 && !common.has(word))
    .map((word) => (word.length > 4 && word.endsWith("s") ? word.slice(0, -1) : word));
  const pairs = [...lower.matchAll(ideographs)].flatMap(([run]) => pairsOf(run));
  return [...new Set([...words, ...pairs])].slice(0, 32);
};

const occurrences = (text: string, term: string): number => {
  let count = 0;
  for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + term.length)) count++;
  return count;
};

/**
 * BM25 (k1 1.2, b .75) of the question's words in each text, with the candidates as the collection. Words are looked for
 * as they stand inside others ("wing" in "wings"): no stemmer, no segmenter, for any language.
 */
export const wordScores = (question: string, texts: readonly string[]): Float64Array => {
  const n = texts.length;
  const scores = new Float64Array(n);
  const lower = texts.map((text) => text.toLowerCase());
  const meanLength = lower.reduce((sum, { length }) => sum + length / n, 0) || 1;
  for (const term of termsOf(question)) {
    const counts = lower.map((text) => occurrences(text, term));
    const having = counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
    const idf = Math.log(1 + (n - having + 0.5) / (having + 0.5));
    for (const [i, count] of counts.entries()) {
      const length = (lower[i]?.length ?? 0) / meanLength;
      scores[i] = (scores[i] ?? 0) + (idf * count * 2.2) / (count + 1.2 * (0.25 + 0.75 * length));
    }
  }
  return scores;
};

/** Keeps in `nearest` the `size` indices of largest cosine, largest first; gives the least cosine that still gets in. */
const insert = (nearest: number[], size: number, row: Float32Array, index: number): number => {
  const value = row[index] as number;
  let at = nearest.length < size ? nearest.length : size - 1;
  for (; at > 0 && (row[nearest[at - 1] as number] as number) < value; at--)
    nearest[at] = nearest[at - 1] as number;
  nearest[at] = index;
  return nearest.length < size ? Number.NEGATIVE_INFINITY : (row[nearest[size - 1] as number] as number);
};

/**
 * Mean of a value over each hit's `size` nearest others, weighted by how much nearer than `typical` they are: what the
 * company that a passage keeps says of it (the cluster hypothesis; Diaz, CIKM 2005; Liu & Croft, SIGIR 2004).
 * @param pairs cosines `[n, n]`
 */
export const ofNeighbours = (
  values: Float64Array,
  pairs: Float32Array,
  size: number,
  typical: number,
): Float64Array => {
  const n = values.length;
  return values.map((_, i) => {
    const row = pairs.subarray(i * n, (i + 1) * n);
    const nearest: number[] = [];
    let least = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < n; j++)
      if ((row[j] as number) > least && j !== i) least = insert(nearest, size, row, j);
    let sum = 0;
    let weights = 0;
    for (const j of nearest) {
      const weight = Math.max(0, (row[j] ?? 0) - typical);
      sum += weight * (values[j] ?? 0);
      weights += weight;
    }
    return weights === 0 ? 0 : sum / weights;
  });
};
