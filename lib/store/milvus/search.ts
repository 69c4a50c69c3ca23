import type { ChunkRow } from "../../chunk-row.ts";
import { AppError } from "../../errors.ts";
import { checkSearch } from "../collections.ts";
import { byScore, fuse, fusionDepth, type Ranked } from "../fusion.ts";
import type { ScoredRow, SearchRequest } from "../store.ts";
import { wordsOfQuery } from "../words.ts";
import { requireWords } from "./capabilities.ts";
import { largestAnswer, type Parameters, searchParameters } from "./indexes.ts";
import type { Opened } from "./opened.ts";
import { chunksOf, idsIn, levelOf, matchingIds, type Prepared, rowsById, type Target } from "./reads.ts";
import { type Found, rowOf } from "./rows.ts";
import { rowFields, sparseField, vectorField } from "./schema.ts";

type Hit = { readonly id: string; readonly score: number; readonly found: Found };

/** One list of the server's: `ask(n, expr, fields)` gives its n best hits, best first. */
type Ask = (count: number, expr: string | true, fields: readonly string[]) => Promise<readonly Hit[]>;

/** COSINE and IP of unit vectors are the cosine; L2 is its square. */
const cosineOf = (score: number, metric: string): number => (metric === "L2" ? 1 - score / 2 : score);

const askServer = async (
  { connection, name, level }: Target,
  search: {
    readonly field: string;
    readonly data: number[] | string;
    readonly metric: string;
    readonly params: Parameters;
    readonly count: number;
    readonly expr: string | true;
    readonly fields: readonly string[];
  },
): Promise<readonly Found[]> => {
  const answer = await connection.call("Search", name, (sdk) =>
    sdk.search({
      collection_name: name,
      anns_field: search.field,
      data: search.data,
      limit: search.count,
      output_fields: ["id", ...search.fields.filter((field) => field !== "id")],
      metric_type: search.metric,
      params: { ...search.params },
      consistency_level: levelOf(level),
      timeout: connection.timeoutMs,
      ...(search.expr !== true && { filter: search.expr }),
    }),
  );
  return answer.results;
};

const hitOf = (found: Found, score: number): Hit => ({ id: String(found.id), score, found });

const denseAsk =
  (target: Target, { index }: Opened, vector: Float32Array): Ask =>
  async (count, expr, fields) => {
    const found = await askServer(target, {
      field: vectorField,
      data: [...vector],
      metric: index.metric,
      params: searchParameters(index, count),
      count,
      expr,
      fields,
    });
    return found.map((hit) => hitOf(hit, cosineOf(Number(hit.score), index.metric)));
  };

const sparseAsk =
  (target: Target, words: readonly string[]): Ask =>
  async (count, expr, fields) => {
    const found = await askServer(target, {
      field: sparseField,
      data: words.join(" "),
      metric: "BM25",
      params: {},
      count,
      expr,
      fields,
    });
    // milvus-lite gives BM25 below zero; rows without any of the words are no hits.
    return found.map((hit) => hitOf(hit, Math.abs(Number(hit.score)))).filter(({ score }) => score > 0);
  };

/** Scores of equal vectors differ in their last digits from segment to segment. */
const tieWidth = 1e-6;

type Kept = { readonly hits: readonly Hit[]; readonly settled: boolean };

/** What is left of one answer, and whether a longer one could change the first `limit` of it. */
const keepOf = (hits: readonly Hit[], asked: number, limit: number, { keep }: Prepared): Kept => {
  const kept = (keep === null ? [...hits] : hits.filter(({ found }) => keep(found))).sort(byScore);
  const cut = kept[limit - 1]?.score;
  const lowest = hits.at(-1)?.score ?? 0;
  const settled = hits.length < asked || (cut !== undefined && lowest < cut - tieWidth);
  return { hits: kept.slice(0, limit), settled };
};

/**
 * The `limit` best hits, ties by id. The server cuts ties as it likes, and what the filter drops is missing from its
 * answer: it is asked for more until neither matters.
 * @returns null when the filter leaves too few of the longest answer
 */
const best = async (
  ask: Ask,
  filter: Prepared,
  limit: number,
  most: number,
  fields: readonly string[],
): Promise<readonly Hit[] | null> => {
  const expr = filter.expr === false ? true : filter.expr;
  let count = filter.keep === null ? limit + 1 : Math.max(4 * limit, 64);
  for (;;) {
    const asked = Math.min(count, most);
    const { hits, settled } = keepOf(await ask(asked, expr, fields), asked, limit, filter);
    if (settled) return hits;
    if (asked === most) return filter.keep === null ? hits : null;
    count = asked * 8;
  }
};

/** Ids of one call: the expression stays below 100 KB. */
const idsPerSearch = 2_000;

/** For a filter that lets nearly nothing through: its rows are found first, and searched among. */
const bestAmong = async (
  ask: Ask,
  ids: readonly string[],
  limit: number,
  most: number,
): Promise<readonly Hit[]> => {
  const hits: Hit[] = [];
  for (const some of chunksOf(ids, idsPerSearch))
    hits.push(...(await ask(Math.min(some.length, most), idsIn(some), [])));
  return hits.sort(byScore).slice(0, limit);
};

/** One ranked list without texts and vectors. */
const rankedList = async (
  target: Target,
  ask: Ask,
  filter: Prepared,
  limit: number,
  most: number,
): Promise<readonly Ranked[]> =>
  (await best(ask, filter, limit, most, filter.fields)) ??
  bestAmong(ask, await matchingIds(target, filter), limit, most);

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

/** One list, in one call where the server can judge the filter: its hits come whole. */
const single = async (
  target: Target,
  ask: Ask,
  filter: Prepared,
  limit: number,
  most: number,
): Promise<ScoredRow[]> => {
  if (filter.keep !== null) return withRows(target, await rankedList(target, ask, filter, limit, most));
  const hits = (await best(ask, filter, limit, most, rowFields)) ?? [];
  return hits.map(({ found, score }) => ({ ...rowOf(found), score }));
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
  return dense && vector ? rescored(await single(target, dense.ask, filter, limit, dense.most), vector) : [];
};
