import type { ConsistencyLevelEnum } from "@zilliz/milvus2-sdk-node";
import type { ChunkRow } from "../../chunk-row.ts";
import { AppError } from "../../errors.ts";
import type { Filter } from "../filter.ts";
import { compileMatch } from "../match.ts";
import type { VectorRow } from "../store.ts";
import type { Connection } from "./connection.ts";
import { type Condition, compileFilter, fieldsOf } from "./filter-expr.ts";
import { quote } from "./filter-literals.ts";
import type { Consistency } from "./options.ts";
import { type Found, filterableOf, rowOf, vectorRowOf } from "./rows.ts";
import { type Layout, vectorField } from "./schema.ts";

/** Rows of one answer: some 10 MB when texts are as long as they may be by default. */
const pageRows = 500;
/** Without texts and vectors. */
const lightPageRows = 2_000;
const idsPerCall = 500;

/** The SDK's levels are numbers and it takes Strong, which is 0, for "not given": the names are sent. */
export const levelOf = (level: Consistency): ConsistencyLevelEnum => level as unknown as ConsistencyLevelEnum;

/** Where reads go: a collection by the name that was asked for, so that the server resolves an alias. */
export type Target = {
  readonly connection: Connection;
  readonly name: string;
  readonly level: Consistency;
  /** What whole rows are read from. */
  readonly rowFields: readonly string[];
};

/** A filter made ready: what the server is told, and what is left to ask of each row. */
export type Prepared = Condition & {
  /** null: the server's word is enough. */
  readonly keep: ((found: Found) => boolean) | null;
  /** Fields that `keep` looks at. */
  readonly fields: readonly string[];
};

const all: Prepared = { expr: true, exact: true, keep: null, fields: [] };

/** @throws AppError `STORE_REFUSED` when it is not a filter */
export const prepareFilter = async (
  connection: Connection,
  layout: Layout,
  filter: Filter | undefined,
): Promise<Prepared> => {
  if (filter === undefined) return all;
  const matches = compileMatch(filter);
  const { infixMatch } = await connection.capabilities();
  const condition = compileFilter(filter, { infixMatch, partitionKey: layout.partitionKey });
  if (condition.exact) return { ...condition, keep: null, fields: [] };
  return { ...condition, keep: (found) => matches(filterableOf(found)), fields: fieldsOf(filter) };
};

type Query = { readonly expr: string; readonly fields: readonly string[]; readonly limit?: number };

const query = async (target: Target, { expr, fields, limit }: Query): Promise<readonly Found[]> => {
  const { connection, name, level } = target;
  const answer = await connection.call("Query", name, (sdk) =>
    sdk.query({
      collection_name: name,
      filter: expr,
      output_fields: [...fields],
      consistency_level: levelOf(level),
      timeout: connection.timeoutMs,
      // Pages need rows in order of id, which the server gives to iterators.
      ...(limit !== undefined && { limit, params: { iterator: "True", reduce_stop_for_best: "False" } }),
    }),
  );
  return answer.data;
};

const joinExpr = (parts: readonly (string | boolean)[]): string =>
  parts.flatMap((part) => (typeof part === "string" ? [`(${part})`] : [])).join(" and ");

/** `id > ""` is true of every row: ids are never empty. */
const after = (id: string): string => `id > ${quote(id)}`;

/** Records that match, in order of id, page by page; the SDK's iterator skips rows and does not escape. */
export const pages = async function* (
  target: Target,
  filter: Prepared,
  fields: readonly string[],
  start = "",
): AsyncGenerator<readonly Found[]> {
  if (filter.expr === false) return;
  const limit = fields.length > 0 ? pageRows : lightPageRows;
  const wanted = [...new Set(["id", ...fields, ...filter.fields])];
  let last = start;
  for (;;) {
    const page = await query(target, { expr: joinExpr([after(last), filter.expr]), fields: wanted, limit });
    const end = page.at(-1);
    // A short page is no end: a server may stop early.
    if (end === undefined) return;
    yield filter.keep === null ? page : page.filter(filter.keep);
    last = String(end.id);
  }
};

/** Ids of all rows that match, in order. */
export const matchingIds = async (target: Target, filter: Prepared): Promise<readonly string[]> => {
  const ids: string[] = [];
  for await (const page of pages(target, filter, [])) for (const { id } of page) ids.push(String(id));
  return ids;
};

export const countRows = async (target: Target, filter: Prepared): Promise<number> => {
  if (filter.expr === false) return 0;
  if (!filter.exact) return (await matchingIds(target, filter)).length;
  const expr = filter.expr === true ? "" : filter.expr;
  const [counted] = await query(target, { expr, fields: ["count(*)"] });
  const count = Number(counted?.["count(*)"]);
  if (!Number.isInteger(count))
    throw new AppError("STORE_UNAVAILABLE", `Milvus counted ${target.name} and gave no number`);
  return count;
};

export const idsIn = (ids: readonly string[]): string => `id in [${ids.map(quote).join(", ")}]`;

export const chunksOf = <Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

const recordsById = async (
  target: Target,
  ids: readonly string[],
  fields: readonly string[],
): Promise<ReadonlyMap<string, Found>> => {
  const records = new Map<string, Found>();
  for (const some of chunksOf([...new Set(ids)], idsPerCall))
    for (const found of await query(target, { expr: idsIn(some), fields: [...new Set(["id", ...fields])] }))
      records.set(String(found.id), found);
  return records;
};

/** Rows by id; unknown ids have none. */
export const rowsById = async (
  target: Target,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ChunkRow>> => {
  const records = await recordsById(target, ids, target.rowFields);
  return new Map([...records].map(([id, found]) => [id, rowOf(found)]));
};

/** Rows of one page, and whether there are more. */
export type Scanned<Row> = { readonly rows: readonly Row[]; readonly more: boolean };

/** The first `limit` that match after an id; one more than wanted says that there is more. */
const firstOf = async (
  target: Target,
  filter: Prepared,
  fields: readonly string[],
  start: string,
  limit: number,
): Promise<Scanned<Found>> => {
  const found: Found[] = [];
  for await (const page of pages(target, filter, fields, start)) {
    found.push(...page);
    if (found.length > limit) break;
  }
  return { rows: found.slice(0, limit), more: found.length > limit };
};

/** A page of rows; a filter that the server cannot judge alone is judged before `fields` are read. */
const scanFields = async (
  target: Target,
  filter: Prepared,
  fields: readonly string[],
  start: string,
  limit: number,
): Promise<Scanned<Found>> => {
  if (filter.keep === null) return firstOf(target, filter, fields, start, limit);
  const { rows, more } = await firstOf(target, filter, [], start, limit);
  const ids = rows.map(({ id }) => String(id));
  const found = await recordsById(target, ids, fields);
  // What is gone by now is left out.
  const left = ids.map((id) => found.get(id)).filter((record) => record !== undefined);
  return { rows: left, more };
};

/** One page of whole rows. */
export const scanRows = async (
  target: Target,
  filter: Prepared,
  start: string,
  limit: number,
): Promise<Scanned<ChunkRow>> => {
  const { rows, more } = await scanFields(target, filter, target.rowFields, start, limit);
  return { rows: rows.map(rowOf), more };
};

/** One page of ids and vectors. */
export const scanVectors = async (
  target: Target,
  filter: Prepared,
  start: string,
  limit: number,
): Promise<Scanned<VectorRow>> => {
  const { rows, more } = await scanFields(target, filter, [vectorField], start, limit);
  return { rows: rows.map(vectorRowOf), more };
};
