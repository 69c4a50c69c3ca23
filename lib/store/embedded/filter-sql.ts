import type { SQLInputValue } from "node:sqlite";
import { type Filter, type FilterCondition, type FilterScalar, filterFieldKinds } from "../filter.ts";
import { metadataKey, refuseField, refuseOp } from "../match.ts";

/** A piece of SQL with a `?` for each of its values, in order. */
export type Fragment = { readonly sql: string; readonly values: readonly SQLInputValue[] };

const always: Fragment = { sql: "1", values: [] };
const never: Fragment = { sql: "0", values: [] };

/** Fills the holes of a template with fragments; plain strings are SQL of this file, values go in as `bound`. */
const sql = (parts: TemplateStringsArray, ...holes: readonly Fragment[]): Fragment => ({
  sql: parts.map((part, i) => part + (holes[i]?.sql ?? "")).join(""),
  values: holes.flatMap((hole) => hole.values),
});
const bound = (...values: readonly SQLInputValue[]): Fragment => ({
  sql: values.map(() => "?").join(", "),
  values,
});
const raw = (text: string): Fragment => ({ sql: text, values: [] });

/** Halves instead of a chain: SQLite bounds the depth of an expression at 1,000. */
const join = (parts: readonly Fragment[], word: "AND" | "OR", empty: Fragment): Fragment => {
  const [first, ...rest] = parts;
  if (!first) return empty;
  if (rest.length === 0) return first;
  const half = Math.ceil(parts.length / 2);
  const left = join(parts.slice(0, half), word, empty);
  return sql`(${left} ${raw(word)} ${join(parts.slice(half), word, empty)})`;
};
const any = (parts: readonly Fragment[]): Fragment =>
  join(
    parts.filter((part) => part !== never),
    "OR",
    never,
  );

type Test = (value: Fragment) => Fragment;

/**
 * A field, by the types that its value may have: each test holds only where the value has that type.
 * No fragment is ever NULL, so `NOT` is the plain complement.
 */
type Column = {
  readonly exists: Fragment;
  readonly text: (test: Test) => Fragment;
  readonly number: (test: Test) => Fragment;
  readonly boolean: (value: boolean) => Fragment;
  readonly member: (value: string) => Fragment;
};
const nothing: Column = {
  exists: always,
  text: () => never,
  number: () => never,
  boolean: () => never,
  member: () => never,
};

const metadataColumn = (key: string): Column => {
  const path = bound(`$.${JSON.stringify(key)}`);
  const type = sql`coalesce(json_type(metadata, ${path}), 'null')`;
  const value = sql`json_extract(metadata, ${path})`;
  return {
    exists: sql`${type} <> 'null'`,
    text: (test) => sql`(${type} = 'text' AND ${test(value)})`,
    // JSON writes 2^60 with 16 digits; as a real it is the same number again.
    number: (test) => sql`(${type} IN ('integer', 'real') AND ${test(sql`CAST(${value} AS REAL)`)})`,
    boolean: (wanted) => sql`${type} = ${bound(String(wanted))}`,
    member: (wanted) =>
      sql`(${type} = 'array' AND EXISTS (SELECT 1 FROM json_each(metadata, ${path}) WHERE value = ${bound(wanted)}))`,
  };
};

const columnOf = (field: string): Column => {
  const key = metadataKey(field);
  if (key !== null) return metadataColumn(key);
  if (!Object.hasOwn(filterFieldKinds, field)) return refuseField(field);
  const name = raw(`"${field}"`);
  if (field === "page")
    return {
      ...nothing,
      exists: sql`${name} IS NOT NULL`,
      number: (test) => sql`coalesce(${test(name)}, 0)`,
    };
  switch (filterFieldKinds[field as keyof typeof filterFieldKinds]) {
    case "text":
      return { ...nothing, text: (test) => test(name) };
    case "number":
      return { ...nothing, number: (test) => test(name) };
    case "list":
      return {
        ...nothing,
        member: (wanted) => sql`EXISTS (SELECT 1 FROM json_each(${name}) WHERE value = ${bound(wanted)})`,
      };
  }
};

/** SQLite binds NaN as NULL; it equals nothing. */
const isNumber = (value: FilterScalar): value is number => typeof value === "number" && !Number.isNaN(value);
const isText = (value: FilterScalar): value is string => typeof value === "string";
const isBoolean = (value: FilterScalar): value is boolean => typeof value === "boolean";

const oneOf = (column: Column, values: readonly FilterScalar[]): Fragment => {
  const texts = values.filter(isText);
  const numbers = values.filter(isNumber);
  const among = (list: readonly SQLInputValue[]): Test =>
    list.length === 1
      ? (value) => sql`${value} = ${bound(...list)}`
      : (value) => sql`${value} IN (${bound(...list)})`;
  return any([
    texts.length > 0 ? column.text(among(texts)) : never,
    numbers.length > 0 ? column.number(among(numbers)) : never,
    ...[...new Set(values.filter(isBoolean))].map(column.boolean),
  ]);
};

const compared = (column: Column, operator: string, value: FilterScalar): Fragment => {
  const test: Test = (left) => sql`${left} ${raw(operator)} ${bound(value as SQLInputValue)}`;
  if (isText(value)) return column.text(test);
  return isNumber(value) ? column.number(test) : never;
};

/** Bytes, not characters: SQLite's text functions stop at a NUL, and UTF-8 never matches inside a character. */
const bytes = (value: Fragment): Fragment => sql`CAST(${value} AS BLOB)`;

const not = (part: Fragment): Fragment => sql`NOT ${part}`;
const operators = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;

const compileCondition = (condition: FilterCondition): Fragment => {
  const column = columnOf(condition.field);
  switch (condition.op) {
    case "eq":
      return oneOf(column, [condition.value]);
    case "ne":
      return not(oneOf(column, [condition.value]));
    case "in":
      return oneOf(column, condition.value);
    case "notIn":
      return not(oneOf(column, condition.value));
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return compared(column, operators[condition.op], condition.value);
    case "startsWith": {
      const prefix = condition.value;
      const length = bound(Buffer.byteLength(prefix));
      return column.text(
        // substr of an empty blob is NULL.
        (value) => sql`coalesce(substr(${bytes(value)}, 1, ${length}), x'') = ${bytes(bound(prefix))}`,
      );
    }
    case "contains": {
      const part = condition.value;
      const within = column.text((value) => sql`instr(${bytes(value)}, ${bytes(bound(part))}) > 0`);
      return any([within, column.member(part)]);
    }
    case "exists":
      return condition.value === false ? not(column.exists) : column.exists;
    default:
      return refuseOp(condition);
  }
};

/**
 * A filter as SQL over the table of rows; every value is bound, every name comes from this program.
 * @throws AppError `STORE_REFUSED` when it is not a filter.
 */
export const compileFilter = (filter: Filter): Fragment => {
  if ("and" in filter) return join(filter.and.map(compileFilter), "AND", always);
  if ("or" in filter) return join(filter.or.map(compileFilter), "OR", never);
  if ("not" in filter) return not(compileFilter(filter.not));
  return compileCondition(filter);
};
