import type { ChunkRow, MetadataValue } from "../chunk-row.ts";
import { AppError } from "../errors.ts";
import { type Filter, type FilterCondition, type FilterScalar, filterFieldKinds } from "./filter.ts";

/** What a filter looks at: a chunk row, its text and vector apart. */
export type Filterable = Omit<ChunkRow, "text" | "vector">;

type Value = MetadataValue | null;

const metadataPrefix = "metadata.";

/** The metadata key that a field names; null for a field of the row. */
export const metadataKey = (field: string): string | null =>
  field.startsWith(metadataPrefix) ? field.slice(metadataPrefix.length) : null;

/** @throws AppError `STORE_REFUSED` */
export const refuseField = (field: string): never => {
  throw new AppError(
    "STORE_REFUSED",
    `a filter names the field ${JSON.stringify(field)}, which rows do not have`,
  );
};

/** @throws AppError `STORE_REFUSED` */
export const refuseOp = (condition: never): never => {
  throw new AppError("STORE_REFUSED", `not a filter: ${JSON.stringify(condition)}`);
};

/** UTF-16 code units order as code points do once surrogates are lifted above the rest of the plane. */
const lifted = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/** By code point, which is also the order of UTF-8 bytes; JavaScript's `<` orders by UTF-16 unit. */
export const compareText = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = lifted(a.charCodeAt(i)) - lifted(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

const order = (a: Value, b: FilterScalar): number => {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  return Number.NaN;
};

type Test = (value: Value) => boolean;

const testOf = (condition: FilterCondition): Test => {
  switch (condition.op) {
    case "eq":
      return (value) => value === condition.value;
    case "ne":
      return (value) => value !== condition.value;
    case "in":
      return (value) => condition.value.includes(value as FilterScalar);
    case "notIn":
      return (value) => !condition.value.includes(value as FilterScalar);
    case "gt":
      return (value) => order(value, condition.value) > 0;
    case "gte":
      return (value) => order(value, condition.value) >= 0;
    case "lt":
      return (value) => order(value, condition.value) < 0;
    case "lte":
      return (value) => order(value, condition.value) <= 0;
    case "startsWith":
      return (value) => typeof value === "string" && value.startsWith(condition.value);
    case "contains":
      return (value) =>
        (typeof value === "string" || Array.isArray(value)) && value.includes(condition.value);
    case "exists":
      return (value) => (value !== null) === (condition.value ?? true);
    default:
      return refuseOp(condition);
  }
};

const readerOf = (field: string): ((row: Filterable) => Value) => {
  const key = metadataKey(field);
  if (key !== null) return (row) => (Object.hasOwn(row.metadata, key) ? (row.metadata[key] ?? null) : null);
  if (!Object.hasOwn(filterFieldKinds, field)) return refuseField(field);
  return (row) => row[field as keyof typeof filterFieldKinds];
};

/**
 * A filter as a function: the reference that every store's compiled form must agree with.
 * @throws AppError `STORE_REFUSED` when it is not a filter.
 */
export const compileMatch = (filter: Filter): ((row: Filterable) => boolean) => {
  if ("and" in filter) {
    const parts = filter.and.map(compileMatch);
    return (row) => parts.every((part) => part(row));
  }
  if ("or" in filter) {
    const parts = filter.or.map(compileMatch);
    return (row) => parts.some((part) => part(row));
  }
  if ("not" in filter) {
    const part = compileMatch(filter.not);
    return (row) => !part(row);
  }
  const read = readerOf(filter.field);
  const test = testOf(filter);
  return (row) => test(read(row));
};

/** Whether one row matches; compile the filter once with `compileMatch` where there are many. */
export const matches = (filter: Filter, row: Filterable): boolean => compileMatch(filter)(row);
