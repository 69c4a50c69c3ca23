import { compareText } from "./match.ts";

export type Ranked = { readonly id: string; readonly score: number };

/** Best first, equal scores by id. */
export const byScore = (a: Ranked, b: Ranked): number => b.score - a.score || compareText(a.id, b.id);

/** The constant of Cormack, Clarke, Büttcher: Reciprocal Rank Fusion outperforms Condorcet (SIGIR 2009). */
const rankConstant = 60;

/** How many of each list are fused: deep enough that a hit of both lists is seen in both. */
export const fusionDepth = (limit: number): number => Math.max(50, limit * 4);

/** Reciprocal rank fusion: score = Σ 1 / (60 + rank), ranks from 1 in each list that has the id. */
export const fuse = (lists: readonly (readonly Ranked[])[], limit: number): Ranked[] => {
  const scores = new Map<string, number>();
  for (const list of lists)
    for (const [index, { id }] of list.entries())
      scores.set(id, (scores.get(id) ?? 0) + 1 / (rankConstant + index + 1));
  return [...scores]
    .map(([id, score]) => ({ id, score }))
    .sort(byScore)
    .slice(0, limit);
};
