import { copyFinder } from "../quality/sketch.ts";
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

/** Rows of which none is a copy of another, best first. */
export type Candidates = {
  readonly rows: readonly ScoredChunk[];
  /** The best rows, copies included: what a plain search would give. */
  readonly plain: readonly ScoredChunk[];
  /** What was left out for a row, by its id, best first. */
  readonly copies: ReadonlyMap<string, readonly ScoredChunk[]>;
};

/** One of each group of copies, the best; of rows that were never sketched only equal texts are copies. */
const groupCopies = (plain: readonly ScoredChunk[], similarity: number | null): Candidates => {
  const copies = new Map<string, ScoredChunk[]>();
  if (similarity === null) return { rows: plain, plain, copies };
  const find = copyFinder<string>(similarity);
  const rows = plain.filter((row) => {
    const best = find(row.id, row.duplicateGroup);
    if (best === null) return true;
    const others = copies.get(best);
    if (others) others.push(row);
    else copies.set(best, [row]);
    return false;
  });
  return { rows, plain, copies };
};

/** Each is four times the fetch before it. */
const furtherFetches = 2;

/**
 * The best `limit` rows of the collections by score, of each document only the lowest run and of copies only the best.
 * Groups are made of what was found, whoever stored it: deleting one document never hides what another says. Fetches a
 * little more than `limit`; when even so too few are left and there may be others, fetches four times as many, twice at
 * the most: only a flood of copies, or many documents being replaced at once, can ask for that.
 */
export const findCandidates = async (
  store: Pick<VectorStore, "search">,
  collections: readonly string[],
  request: SearchRequest,
  similarity: number | null,
): Promise<Candidates> => {
  const { limit } = request;
  for (let fetched = overFetch(limit), attempt = 0; ; fetched *= 4, attempt++) {
    const answers = await Promise.all(
      collections.map((name) => store.search(name, { ...request, limit: fetched })),
    );
    const found = groupCopies(keepServedRun(merge(answers)), similarity);
    const exhausted = answers.every((answer) => answer.length < fetched);
    if (found.rows.length >= limit || exhausted || attempt === furtherFetches)
      return { ...found, rows: found.rows.slice(0, limit) };
  }
};
