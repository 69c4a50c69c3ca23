import { type Filter, type FilterCondition, type FilterScalar, filterFieldKinds } from "../filter.ts";
import { metadataKey } from "../match.ts";
import { decimal, integerBound, quote, type Ranged, sayable, symbols } from "./filter-literals.ts";
import { decimalFields, partitionField } from "./schema.ts";

/**
 * A filter in the server's language. Where that cannot say it exactly, and versions differ in what they say about
 * missing JSON keys, wildcards and types, the expression lets more through, never less; the driver then asks the
 * reference (`match.ts`) about each row. `true` lets everything through, `false` nothing.
 */
export type Condition = { readonly expr: string | boolean; readonly exact: boolean };

export type CompileOptions = {
  /** Does `like "%part%"` work? */
  readonly infixMatch: boolean;
  /** Metadata key that has a field of its own. */
  readonly partitionKey: string | null;
};

type On = FilterCondition["field"];

const everything: Condition = { expr: true, exact: true };
const nothing: Condition = { expr: false, exact: true };
/** Not to be said: every row has to be looked at. */
const unsaid: Condition = { expr: true, exact: false };
const exactly = (expr: string): Condition => ({ expr, exact: true });
const atLeast = (expr: string): Condition => ({ expr, exact: false });

/** A comparison that is not turned round; `eq` is an `in` of one value. */
type Comparison =
  | { readonly op: "in"; readonly values: readonly FilterScalar[] }
  | { readonly op: Ranged; readonly value: number | string }
  | { readonly op: "startsWith" | "contains"; readonly value: string };

const textValues = (values: readonly FilterScalar[]): readonly string[] =>
  values.flatMap((value) => (typeof value === "string" ? [value] : []));
const numberValues = (values: readonly FilterScalar[]): readonly number[] =>
  values.flatMap((value) => (typeof value === "number" && !Number.isNaN(value) ? [value] : []));

const anyOf = (field: string, values: readonly string[]): Condition => {
  const [first, ...others] = values;
  if (first === undefined) return nothing;
  return exactly(others.length === 0 ? `${field} == ${first}` : `${field} in [${values.join(", ")}]`);
};

/** The part of a text before what `like` takes for something else; not all servers have an escape. */
const beforeWildcard = (text: string): string => /^[^%_\\]*/.exec(text)?.[0] ?? "";
const longestPlain = (text: string): string =>
  text.split(/[%_\\]/).reduce((best, part) => (part.length > best.length ? part : best), "");

const startsWith = (field: string, prefix: string): Condition => {
  if (!sayable(prefix)) return unsaid;
  const plain = beforeWildcard(prefix);
  if (plain === "") return unsaid;
  return { expr: `${field} like ${quote(`${plain}%`)}`, exact: plain === prefix };
};

const contains = (field: string, part: string, { infixMatch }: CompileOptions): Condition => {
  const plain = longestPlain(part);
  return infixMatch && plain !== "" && sayable(part)
    ? atLeast(`${field} like ${quote(`%${plain}%`)}`)
    : unsaid;
};

const textField = (field: string, comparison: Comparison, options: CompileOptions): Condition => {
  switch (comparison.op) {
    case "in": {
      const values = textValues(comparison.values);
      return values.every(sayable) ? anyOf(field, values.map(quote)) : unsaid;
    }
    case "startsWith":
      return comparison.value === "" ? everything : startsWith(field, comparison.value);
    case "contains":
      return comparison.value === "" ? everything : contains(field, comparison.value, options);
    default:
      if (typeof comparison.value !== "string") return nothing;
      return sayable(comparison.value)
        ? exactly(`${field} ${symbols[comparison.op]} ${quote(comparison.value)}`)
        : unsaid;
  }
};

const integerField = (field: string, comparison: Comparison): Condition => {
  switch (comparison.op) {
    case "in": {
      const values = numberValues(comparison.values);
      const whole = values.filter((value) => Number.isInteger(value) && Math.abs(value) < 2 ** 63);
      return anyOf(
        field,
        whole.map((value) => String(BigInt(value))),
      );
    }
    case "startsWith":
    case "contains":
      return nothing;
    default: {
      if (typeof comparison.value !== "number") return nothing;
      const bounded = integerBound(comparison.op, comparison.value);
      if (typeof bounded === "boolean") return bounded ? everything : nothing;
      return exactly(`${field} ${bounded.op} ${bounded.bound}`);
    }
  }
};

/** −1 stands for a row without a page, which no comparison matches. */
const pageField = (comparison: Comparison): Condition => {
  const said = integerField("page", comparison);
  return said.expr === false ? said : and([said, exactly("page >= 0")]);
};

const decimalField = (field: string, comparison: Comparison): Condition => {
  switch (comparison.op) {
    case "in":
      return or(
        numberValues(comparison.values)
          .filter(Number.isFinite)
          .map((value) => exactly(`${field} == ${decimal(value)}`)),
      );
    case "startsWith":
    case "contains":
      return nothing;
    default: {
      const { op, value } = comparison;
      if (typeof value !== "number" || Number.isNaN(value)) return nothing;
      if (!Number.isFinite(value)) return value > 0 === (op === "lt" || op === "lte") ? everything : nothing;
      return exactly(`${field} ${symbols[op]} ${decimal(value)}`);
    }
  }
};

const listField = (field: string, comparison: Comparison): Condition => {
  if (comparison.op !== "contains") return nothing;
  return sayable(comparison.value) ? exactly(`array_contains(${field}, ${quote(comparison.value)})`) : unsaid;
};

/** What JSON paths are sure to reach in every version. S3 metadata keys are such. */
const plainKey = /^[A-Za-z0-9_-]{1,256}$/;

const jsonValue = (value: FilterScalar): string | null => {
  if (typeof value === "string") return sayable(value) ? quote(value) : null;
  if (typeof value === "boolean") return String(value);
  // Beyond these, what JSON holds and what the grammar reads round apart.
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? decimal(value) : null;
};

const metadataField = (key: string, comparison: Comparison, options: CompileOptions): Condition => {
  if (!plainKey.test(key)) return unsaid;
  const path = `metadata["${key}"]`;
  switch (comparison.op) {
    case "in": {
      const { values } = comparison;
      const said = or(
        values.map(jsonValue).map((value) => (value === null ? unsaid : atLeast(`${path} == ${value}`))),
      );
      return key === options.partitionKey ? and([said, partitionOnly(values)]) : said;
    }
    case "startsWith":
      return { ...startsWith(path, comparison.value), exact: false };
    case "contains":
      return unsaid;
    default: {
      const value = jsonValue(comparison.value);
      return value === null ? unsaid : atLeast(`${path} ${symbols[comparison.op]} ${value}`);
    }
  }
};

/** Lets the server leave all other partitions unread. Values that are no texts have no partition of their own. */
const partitionOnly = (values: readonly FilterScalar[]): Condition => {
  const said = values.every((value) => typeof value === "string" && value !== "" && sayable(value));
  return said ? anyOf(partitionField, values.map(String).map(quote)) : unsaid;
};

const compare = (field: On, comparison: Comparison, options: CompileOptions): Condition => {
  const key = metadataKey(field);
  if (key !== null) return metadataField(key, comparison, options);
  const kind = filterFieldKinds[field as keyof typeof filterFieldKinds];
  if (kind === "text") return textField(field, comparison, options);
  if (kind === "list") return listField(field, comparison);
  if (field === "page") return pageField(comparison);
  return (decimalFields as readonly string[]).includes(field)
    ? decimalField(field, comparison)
    : integerField(field, comparison);
};

const exists = (field: On): Condition => {
  // Versions differ in whether an empty list exists.
  if (metadataKey(field) !== null) return unsaid;
  return field === "page" ? exactly("page >= 0") : everything;
};

/** Only what is said exactly can be turned round; more than the filter, turned round, would be less. */
const not = ({ expr, exact }: Condition): Condition => {
  if (!exact) return unsaid;
  return typeof expr === "boolean" ? { expr: !expr, exact } : exactly(`not (${expr})`);
};

const joined = (parts: readonly Condition[], word: "and" | "or"): Condition => {
  const texts = parts.flatMap(({ expr }) => (typeof expr === "string" ? [expr] : []));
  const exact = parts.every((part) => part.exact);
  const [only, ...others] = texts;
  if (only === undefined) return { expr: word === "and", exact };
  return { expr: others.length === 0 ? only : texts.map((expr) => `(${expr})`).join(` ${word} `), exact };
};

const and = (parts: readonly Condition[]): Condition =>
  parts.some(({ expr }) => expr === false) ? nothing : joined(parts, "and");

const or = (parts: readonly Condition[]): Condition => {
  const all = parts.filter(({ expr }) => expr === true);
  if (all.length === 0) return joined(parts, "or");
  return all.some(({ exact }) => exact) ? everything : unsaid;
};

const leaf = (condition: FilterCondition, options: CompileOptions): Condition => {
  const { field } = condition;
  switch (condition.op) {
    case "eq":
      return compare(field, { op: "in", values: [condition.value] }, options);
    case "ne":
      return not(compare(field, { op: "in", values: [condition.value] }, options));
    case "in":
      return compare(field, { op: "in", values: condition.value }, options);
    case "notIn":
      return not(compare(field, { op: "in", values: condition.value }, options));
    case "exists":
      return condition.value === false ? not(exists(field)) : exists(field);
    default:
      return compare(field, condition, options);
  }
};

const walk = (filter: Filter, negated: boolean, options: CompileOptions): Condition => {
  if ("not" in filter) return walk(filter.not, !negated, options);
  if ("and" in filter || "or" in filter) {
    const parts = ("and" in filter ? filter.and : filter.or).map((part) => walk(part, negated, options));
    // De Morgan: a negated `and` is an `or` of negations.
    return "and" in filter === negated ? or(parts) : and(parts);
  }
  const said = leaf(filter, options);
  return negated ? not(said) : said;
};

/** A filter that `compileMatch` has accepted. */
export const compileFilter = (filter: Filter, options: CompileOptions): Condition =>
  walk(filter, false, options);

/** Fields that the reference looks at. */
export const fieldsOf = (filter: Filter): readonly string[] => {
  if ("and" in filter) return [...new Set(filter.and.flatMap(fieldsOf))];
  if ("or" in filter) return [...new Set(filter.or.flatMap(fieldsOf))];
  if ("not" in filter) return fieldsOf(filter.not);
  return [metadataKey(filter.field) === null ? filter.field : "metadata"];
};
