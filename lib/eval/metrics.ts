/** A hit as metrics see it. Near-copies share a `group`; where there are none, each passage is its own. */
export type JudgedHit = { readonly group: string; readonly tokens: number };

/** Groups that answer the question. */
export type Relevant = ReadonlySet<string>;

const discount = (index: number): number => 1 / Math.log2(index + 2);

const idealGain = (count: number, k: number): number => {
  let sum = 0;
  for (let i = 0; i < Math.min(count, k); i++) sum += discount(i);
  return sum;
};

/**
 * nDCG@k of binary judgments (Järvelin & Kekäläinen 2002): 1/log₂(rank + 1) for the first hit of each relevant group; a
 * copy of what was already given gains nothing. Without near-copies it is the usual nDCG. 0 where nothing is relevant.
 */
export const ndcg = (hits: readonly JudgedHit[], relevant: Relevant, k: number): number => {
  const seen = new Set<string>();
  let gain = 0;
  for (const [index, { group }] of hits.slice(0, k).entries()) {
    if (!relevant.has(group) || seen.has(group)) continue;
    seen.add(group);
    gain += discount(index);
  }
  return relevant.size === 0 ? 0 : gain / idealGain(relevant.size, k);
};

/** Share of the relevant groups among the first k hits. */
export const recall = (hits: readonly JudgedHit[], relevant: Relevant, k: number): number => {
  const found = new Set(hits.slice(0, k).flatMap(({ group }) => (relevant.has(group) ? [group] : [])));
  return relevant.size === 0 ? 0 : found.size / relevant.size;
};

/** Hits in order until the next would exceed the budget: what a prompt of so many tokens holds. */
export const cutToTokens = (hits: readonly JudgedHit[], tokens: number): readonly JudgedHit[] => {
  let spent = 0;
  const end = hits.findIndex((hit) => {
    spent += hit.tokens;
    return spent > tokens;
  });
  return end < 0 ? hits : hits.slice(0, end);
};

/** Each group's passages in turn: first one of each, then a second of those that have one, and so on. */
const idealRounds = function* (relevant: Relevant, sizes: ReadonlyMap<string, number>): Generator<number> {
  const left = [...relevant].map((group) => sizes.get(group) ?? 1);
  for (let round = 0; left.some((size) => size > round); round++)
    for (const size of left) if (size > round) yield round;
};

/**
 * α-nDCG@k (Clarke et al., SIGIR 2008) with each group as the one nugget of its passages: the i-th passage of a relevant
 * group gains (1 − α)^(i − 1) / log₂(rank + 1).
 * @param sizes passages of each group in the collection, for the ideal order; 1 where it has none
 */
export const alphaNdcg = (
  hits: readonly JudgedHit[],
  relevant: Relevant,
  k: number,
  { alpha = 0.5, sizes = new Map() }: { alpha?: number; sizes?: ReadonlyMap<string, number> } = {},
): number => {
  const given = new Map<string, number>();
  let gain = 0;
  for (const [index, { group }] of hits.slice(0, k).entries()) {
    if (!relevant.has(group)) continue;
    const before = given.get(group) ?? 0;
    given.set(group, before + 1);
    gain += (1 - alpha) ** before * discount(index);
  }
  let ideal = 0;
  let index = 0;
  for (const round of idealRounds(relevant, sizes)) {
    if (index === k) break;
    ideal += (1 - alpha) ** round * discount(index++);
  }
  return ideal === 0 ? 0 : gain / ideal;
};

export const tokensOf = (hits: readonly JudgedHit[]): number =>
  hits.reduce((sum, { tokens }) => sum + tokens, 0);
