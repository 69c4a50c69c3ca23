import { z } from "zod";

/** Fields of a chunk row that a caller may filter by, and what they hold; `metadata.<key>` comes beside them. */
export const filterFieldKinds = {
  id: "text",
  documentId: "text",
  run: "number",
  ordinal: "number",
  tokens: "number",
  quality: "number",
  qualityFlags: "list",
  clusterId: "number",
  clusterVersion: "number",
  clusterDistance: "number",
  duplicateGroup: "text",
  key: "text",
  page: "number",
  heading: "text",
  charStart: "number",
  charEnd: "number",
  contentType: "text",
  modality: "text",
  language: "text",
  contentHash: "text",
  ingestedAt: "number",
} as const satisfies Record<string, "text" | "number" | "list">;
export type FilterField = keyof typeof filterFieldKinds;
export const filterFields = Object.keys(filterFieldKinds) as [FilterField, ...FilterField[]];

export type FilterScalar = string | number | boolean;
type On = { readonly field: FilterField | `metadata.${string}` };

/**
 * One comparison. Every condition is true or false, never unknown, so `not` is the plain complement:
 * - Values compare only with values of their own type: the string "7" is not the number 7. S3 user metadata are strings.
 * - `eq` and `in` ask for the whole value, so they never match a list; `contains` asks a list for a member and a
 *   string for a part.
 * - `gt`, `gte`, `lt`, `lte` compare numbers with numbers and strings with strings, strings by code point.
 * - `exists` is true where the field has a value: `page` is null in formats without pages, metadata have any keys.
 * - A missing value matches `ne`, `notIn` and `exists: false`, and nothing else.
 * - Case counts, and nothing is a wildcard.
 */
export type FilterCondition =
  | (On & { readonly op: "eq" | "ne"; readonly value: FilterScalar })
  | (On & { readonly op: "in" | "notIn"; readonly value: readonly FilterScalar[] })
  | (On & { readonly op: "gt" | "gte" | "lt" | "lte"; readonly value: number | string })
  | (On & { readonly op: "startsWith" | "contains"; readonly value: string })
  | (On & { readonly op: "exists"; readonly value?: boolean | undefined });

/** Structured, never text: each store compiles it with its own escaping. An empty `and` is true, an empty `or` false. */
export type Filter =
  | { readonly and: readonly Filter[] }
  | { readonly or: readonly Filter[] }
  | { readonly not: Filter }
  | FilterCondition;

const text = z.string().max(4096);
const number = z.number().meta({ description: "finite" });
const scalar = z.union([text, number, z.boolean()]);
const field = z.union([z.enum(filterFields), z.templateLiteral(["metadata.", z.string().min(1).max(256)])], {
  error: `must be metadata.<key> or one of ${filterFields.join(", ")}`,
});

const condition = z.discriminatedUnion("op", [
  z.strictObject({ field, op: z.enum(["eq", "ne"]), value: scalar }),
  z.strictObject({ field, op: z.enum(["gt", "gte", "lt", "lte"]), value: z.union([number, text]) }),
  z.strictObject({ field, op: z.enum(["startsWith", "contains"]), value: text }),
  z.strictObject({ field, op: z.enum(["in", "notIn"]), value: z.array(scalar).min(1).max(1000) }),
  z.strictObject({ field, op: z.literal("exists"), value: z.boolean().optional() }),
]);

const tree: z.ZodType<Filter> = z.lazy(() =>
  z.union([
    z.strictObject({ and: z.array(tree).min(1).max(100) }),
    z.strictObject({ or: z.array(tree).min(1).max(100) }),
    z.strictObject({ not: tree }),
    condition,
  ]),
);

/** Bounds of one filter from outside: deeper trees and more values than these serve nobody but an attacker. */
export const filterBounds = { depth: 16, values: 4096 } as const;

/** Walks without recursion, so that a hostile depth is counted instead of overflowing the stack. */
const problemOf = (filter: unknown): string | null => {
  let level: unknown[] = [filter];
  let values = 0;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > filterBounds.depth) return `the filter is nested deeper than ${filterBounds.depth} levels`;
    values += level.length;
    if (values > filterBounds.values) return `the filter has more than ${filterBounds.values} parts`;
    level = level.flatMap((node) => (typeof node === "object" && node !== null ? Object.values(node) : []));
  }
  return null;
};

/** The schema of `filter` in requests. */
export const filterSchema: z.ZodType<Filter> = z.preprocess((value, context) => {
  const problem = problemOf(value);
  if (problem === null) return value;
  context.addIssue({ code: "custom", message: problem });
  return z.NEVER;
}, tree);
