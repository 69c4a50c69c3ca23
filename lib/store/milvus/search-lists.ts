import { byScore, type Ranked } from "../fusion.ts";
import { type Parameters, searchParameters } from "./indexes.ts";
import type { Opened } from "./opened.ts";
import { chunksOf, idsIn, levelOf, matchingIds, type Prepared, type Target } from "./reads.ts";
import type { Found } from "./rows.ts";
import { sparseField, vectorField } from "./schema.ts";

export type Hit = { readonly id: string; readonly score: number; readonly found: Found };

/** One list of the server's: `ask(n, expr, fields)` gives its n best hits, best first. */
export type Ask = (count: number, expr: string | true, fields: readonly string[]) => Promise<readonly Hit[]>;

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

export const denseAsk =
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

export const sparseAsk =
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
export const best = async (
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
export const bestAmong = async (
  ask: Ask,
  ids: readonly string[],
  limit: number,
  most: number,
  fields: readonly string[] = [],
): Promise<readonly Hit[]> => {
  const hits: Hit[] = [];
  for (const some of chunksOf(ids, idsPerSearch))
    hits.push(...(await ask(Math.min(some.length, most), idsIn(some), fields)));
  return hits.sort(byScore).slice(0, limit);
};

/** One ranked list without texts and vectors. */
export const rankedList = async (
  target: Target,
  ask: Ask,
  filter: Prepared,
  limit: number,
  most: number,
): Promise<readonly Ranked[]> =>
  (await best(ask, filter, limit, most, filter.fields)) ??
  bestAmong(ask, await matchingIds(target, filter), limit, most);
