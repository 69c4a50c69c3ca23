import { z } from "zod";
import { dotRows } from "../cluster/vectors.ts";
import { byScore } from "./order.ts";
import type { ClusteredHit, Reranker } from "./reranker.ts";
import { similarityTo } from "./similarity.ts";

const options = z.strictObject({
  /** 1: relevance alone; 0: difference alone. */
  lambda: z.number().min(0).max(1).default(0.9),
});

/** The open index of most value; equal ones by order. */
const bestOf = (open: ReadonlySet<number>, value: (index: number) => number): number => {
  let best = -1;
  let most = Number.NEGATIVE_INFINITY;
  for (const index of open) {
    const one = value(index);
    if (best < 0 || one > most) [best, most] = [index, one];
  }
  return best;
};

/**
 * Maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998): again and again the hit with the most
 * λ · cosine to the question − (1 − λ) · largest cosine to a hit already taken; first the nearest to the question. Gives
 * `topK` hits.
 */
export const mmr: Reranker = {
  reorders: false,
  options,
  rerank: (hits, { query, topK, options: given }) => {
    const { lambda } = options.parse(given);
    const sorted = [...hits].sort(byScore);
    const similarity = similarityTo(sorted);
    const relevance = sorted.map(({ vector }) => dotRows(vector, 0, query, 0, query.length));
    const redundancy = new Float64Array(sorted.length).fill(-1);
    const open = new Set(sorted.keys());
    const taken: ClusteredHit[] = [];
    while (open.size > 0 && taken.length < topK) {
      const best = bestOf(open, (i) =>
        taken.length === 0
          ? (relevance[i] ?? 0)
          : lambda * (relevance[i] ?? 0) - (1 - lambda) * (redundancy[i] ?? 0),
      );
      open.delete(best);
      taken.push(...sorted.slice(best, best + 1));
      const near = similarity(best);
      for (const i of open) redundancy[i] = Math.max(redundancy[i] ?? 0, near[i] ?? 0);
    }
    return taken;
  },
};
