import { byScore } from "../rerank/order.ts";
import type { ScoredChunk } from "../scored-chunk.ts";
import type { SearchRequest, VectorStore } from "../store/store.ts";
import { type Grouped, type Grouping, groupRows } from "./search-groups.ts";
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

/** Rows of which none is a copy of another and no two have the same parent, best first. */
export type Candidates = Grouped & {
  /** The best rows, copies included: what a plain search would give. */
  readonly plain: readonly ScoredChunk[];
};

/** Each is four times the fetch before it. */
const furtherFetches = 2;

/**
 * The best `limit` rows of the collections by score, of each document only the lowest run and of copies and of a
 * parent's rows only the best.
 * Groups are made of what was found, whoever stored it: deleting one document never hides what another says. Fetches a
 * little more than `limit`; when even so too few are left and there may be others, fetches four times as many, twice at
 * the most: only parents with many rows that match, a flood of copies, or many documents being replaced at once, can
 * ask for that.
 */
export const findCandidates = async (
  store: Pick<VectorStore, "search">,
  collections: readonly string[],
  request: SearchRequest,
  grouping: Grouping,
): Promise<Candidates> => {
  const { limit } = request;
  for (let fetched = overFetch(limit * grouping.rowsPerHit), attempt = 0; ; fetched *= 4, attempt++) {
    const answers = await Promise.all(
      collections.map((name) => store.search(name, { ...request, limit: fetched })),
    );
    const plain = keepServedRun(merge(answers));
    const found = groupRows(plain, grouping);
    const exhausted = answers.every((answer) => answer.length < fetched);
    if (found.rows.length >= limit || exhausted || attempt === furtherFetches)
      return {
        ...found,
        rows: found.rows.slice(0, limit),
        plain: groupRows(plain, { ...grouping, similarity: null }).rows,
      };
  }
};
