import type { ChunkRow } from "../../chunk-row.ts";
import { AppError } from "../../errors.ts";
import { checkSearch } from "../collections.ts";
import { byScore, fuse, fusionDepth, type Ranked } from "../fusion.ts";
import type { ScoredRow, SearchRequest } from "../store.ts";
import { wordsOfQuery } from "../words.ts";
import { requireWords } from "./capabilities.ts";
import { largestAnswer, refinement } from "./indexes.ts";
import type { Opened } from "./opened.ts";
import { matchingIds, type Prepared, rowsById, type Target } from "./reads.ts";
import { rowOf } from "./rows.ts";
import { vectorField } from "./schema.ts";
import { type Ask, best, bestAmong, denseAsk, rankedList, sparseAsk } from "./search-lists.ts";

const cosine = (a: Float32Array, b: Float32Array): number => {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as number;
    const y = b[i] as number;
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : dot / Math.sqrt(aa * bb);
};

/** Quantized and rounded scores give way to the cosine of the vector that is there. */
const rescored = (rows: readonly ChunkRow[], query: Float32Array): ScoredRow[] =>
  rows.map((row) => ({ ...row, score: cosine(row.vector, query) })).sort(byScore);

/** Ids by the exact scores of more rows than are wanted. */
const refined = async (
  target: Target,
  ask: Ask,
  filter: Prepared,
  query: Float32Array,
  wanted: { readonly limit: number; readonly asked: number; readonly most: number },
): Promise<readonly Ranked[]> => {
  const fields = [vectorField, ...filter.fields];
  const hits =
    (await best(ask, filter, wanted.asked, wanted.most, fields)) ??
    (await bestAmong(ask, await matchingIds(target, filter), wanted.asked, wanted.most, fields));
  return hits
    .map(({ id, found }) => ({ id, score: cosine(Float32Array.from(found[vectorField] as number[]), query) }))
    .sort(byScore)
    .slice(0, wanted.limit);
};

const withRows = async (target: Target, ranked: readonly Ranked[]): Promise<ScoredRow[]> => {
  const rows = await rowsById(
    target,
    ranked.map(({ id }) => id),
  );
  return ranked.flatMap(({ id, score }) => {
    const row = rows.get(id);
    return row ? [{ ...row, score }] : [];
  });
};

/** One list, in one call where the server can judge the filter and give whole rows. */
const single = async (
  target: Target,
  ask: Ask,
  filter: Prepared,
  limit: number,
  most: number,
): Promise<ScoredRow[]> => {
  const { vectorsInSearch } = await target.connection.capabilities();
  if (filter.keep !== null || !vectorsInSearch)
    return withRows(target, await rankedList(target, ask, filter, limit, most));
  const hits = (await best(ask, filter, limit, most, target.rowFields)) ?? [];
  return hits.map(({ found, score }) => ({ ...rowOf(found), score }));
};

const denseRows = async (
  target: Target,
  { index }: Opened,
  ask: Ask,
  filter: Prepared,
  query: Float32Array,
  limit: number,
): Promise<readonly ScoredRow[]> => {
  const most = largestAnswer(index.type);
  const asked = Math.min(limit * refinement(index), most);
  if (asked === limit) return rescored(await single(target, ask, filter, limit, most), query);
  return withRows(target, await refined(target, ask, filter, query, { limit, asked, most }));
};

const checkWords = async (target: Target, { layout }: Opened, mode: string): Promise<void> => {
  requireWords(await target.connection.capabilities(), mode);
  if (layout.words) return;
  throw new AppError(
    "NOT_AVAILABLE",
    `${mode} search: collection ${layout.spec.name} was made by a server without BM25 and has no words; make it anew ` +
      "(kettle collections rebuild)",
  );
};

const hybrid = async (
  target: Target,
  asks: readonly { readonly ask: Ask; readonly most: number }[],
  filter: Prepared,
  limit: number,
): Promise<ScoredRow[]> => {
  const lists = await Promise.all(
    asks.map(({ ask, most }) => rankedList(target, ask, filter, Math.min(fusionDepth(limit), most), most)),
  );
  return withRows(target, fuse(lists, limit));
};

/**
 * - dense: the index's nearest rows, scored by their exact cosine;
 * - sparse: BM25 of the server over words cut as the embedded store cuts them;
 * - hybrid: reciprocal rank fusion of both lists, here, so that it means the same in every store.
 *
 * @throws AppError `NOT_AVAILABLE` for words where the server has no BM25
 */
export const searchRows = async (
  target: Target,
  opened: Opened,
  request: SearchRequest,
  filter: Prepared,
): Promise<readonly ScoredRow[]> => {
  if (request.mode !== "dense") await checkWords(target, opened, request.mode);
  const { vector, text } = checkSearch(request, opened.layout.spec);
  const most = { dense: largestAnswer(opened.index.type), sparse: largestAnswer("FLAT") };
  const limit = Math.min(request.limit, request.mode === "sparse" ? most.sparse : most.dense);
  if (limit === 0 || filter.expr === false) return [];
  const words = text === null ? [] : wordsOfQuery(text);
  const dense = vector && { ask: denseAsk(target, opened, vector), most: most.dense };
  const sparse = words.length > 0 && { ask: sparseAsk(target, words), most: most.sparse };
  if (request.mode === "hybrid")
    return hybrid(
      target,
      [dense, sparse].filter((list) => list !== null && list !== false),
      filter,
      limit,
    );
  if (sparse) return single(target, sparse.ask, filter, limit, sparse.most);
  return dense && vector ? denseRows(target, opened, dense.ask, filter, vector, limit) : [];
};
