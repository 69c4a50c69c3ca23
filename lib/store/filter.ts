import { z } from "zod";

export const filterOps = [
  "eq",
  "ne",
  "in",
  "notIn",
  "gt",
  "gte",
  "lt",
  "lte",
  "startsWith",
  "contains",
  "exists",
] as const;
export type FilterOp = (typeof filterOps)[number];

/** Fields of a chunk row that a caller may filter by; `metadata.<key>` comes beside them. */
export const filterFields = [
  "id",
  "documentId",
  "run",
  "ordinal",
  "tokens",
  "quality",
  "qualityFlags",
  "clusterId",
  "clusterVersion",
  "clusterDistance",
  "duplicateGroup",
  "key",
  "page",
  "heading",
  "charStart",
  "charEnd",
  "contentType",
  "modality",
  "language",
  "contentHash",
  "ingestedAt",
] as const;
export type FilterField = (typeof filterFields)[number];

export type FilterScalar = string | number | boolean;
export type FilterCondition = {
  readonly field: FilterField | `metadata.${string}`;
  readonly op: FilterOp;
  readonly value?: FilterScalar | readonly FilterScalar[] | undefined;
};
/** Structured, never text: each store compiles it with its own escaping. */
export type Filter =
  | { readonly and: readonly Filter[] }
  | { readonly or: readonly Filter[] }
  | { readonly not: Filter }
  | FilterCondition;

const scalar = z.union([z.string().max(4096), z.number(), z.boolean()]);
const field = z.union([z.enum(filterFields), z.templateLiteral(["metadata.", z.string().min(1).max(256)])]);

const condition = z.union([
  z.strictObject({ field, op: z.enum(["eq", "ne"]), value: scalar }),
  z.strictObject({
    field,
    op: z.enum(["gt", "gte", "lt", "lte"]),
    value: z.union([z.number(), z.string().max(4096)]),
  }),
  z.strictObject({ field, op: z.enum(["startsWith", "contains"]), value: z.string().max(4096) }),
  z.strictObject({ field, op: z.enum(["in", "notIn"]), value: z.array(scalar).min(1).max(1000) }),
  z.strictObject({ field, op: z.literal("exists"), value: z.boolean().optional() }),
]);

/** The schema of `filter` in requests. */
export const filterSchema: z.ZodType<Filter> = z.lazy(() =>
  z.union([
    z.strictObject({ and: z.array(filterSchema).min(1).max(100) }),
    z.strictObject({ or: z.array(filterSchema).min(1).max(100) }),
    z.strictObject({ not: filterSchema }),
    condition,
  ]),
);
