import { byScore } from "../rerank/order.ts";
import type { ScoredChunk } from "../scored-chunk.ts";
import type { SearchRequest, VectorStore } from "../store/store.ts";
import { keepServedRun } from "./served-run.ts";

/** Rows beyond the candidates that are fetched, since rows of a run not yet served fall away. */
const overFetch = (candidates: number): number => candidates + Math.max(8, Math.ceil(candidates / 8));

/** The rows of all collections, best score first, each id once. */
const merge = (answers: readonly (readonly ScoredChunk[])[]): readonly ScoredChunk[] => {
  const seen = new Set<string>();
  return answers
    .flat()
    .sort(byScore)
    .filter(({ id }) => !seen.has(id) && seen.add(id));
};

/**
 * The best `limit` rows of the collections by score, of each document only the lowest run. Fetches a little more than
 * `limit`; when even so too few are left and there may be others, fetches four times as many, twice at the most: only
 * many documents being replaced at once can ask for that.
 */
export const findCandidates = async (
  store: Pick<VectorStore, "search">,
  collections: readonly string[],
  request: SearchRequest,
): Promise<readonly ScoredChunk[]> => {
  const { limit } = request;
  for (let fetched = overFetch(limit), attempt = 0; ; fetched *= 4, attempt++) {
    const answers = await Promise.all(
      collections.map((name) => store.search(name, { ...request, limit: fetched })),
    );
    const rows = keepServedRun(merge(answers));
    const exhausted = answers.every((answer) => answer.length < fetched);
    if (rows.length >= limit || exhausted || attempt === 2) return rows.slice(0, limit);
  }
};
