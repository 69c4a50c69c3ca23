import fc from "fast-check";
import { expect, it } from "vitest";
import { type Filter, filterSchema } from "../../lib/store/filter.ts";
import { compareText } from "../../lib/store/match.ts";

it.each<[string, unknown]>([
  ["a condition", { field: "key", op: "eq", value: "a" }],
  ["metadata with any key", { field: 'metadata.a "b" \\', op: "in", value: [1, "x", true] }],
  ["exists without a value", { field: "page", op: "exists" }],
  [
    "a tree",
    { and: [{ or: [{ field: "run", op: "lt", value: 3 }] }, { not: { field: "id", op: "ne", value: "x" } }] },
  ],
])("%s is a filter", (_, filter) => {
  expect(filterSchema.parse(filter)).toEqual(filter);
});

it.each<[string, unknown]>([
  ["an unknown field", { field: "vector", op: "exists" }],
  ["a prototype's name", { field: "constructor", op: "exists" }],
  ["metadata without a key", { field: "metadata.", op: "exists" }],
  ["an unknown operator", { field: "key", op: "like", value: "a" }],
  ["a missing value", { field: "key", op: "eq" }],
  ["null", { field: "page", op: "eq", value: null }],
  ["a list for eq", { field: "key", op: "eq", value: ["a"] }],
  ["a number for contains", { field: "key", op: "contains", value: 1 }],
  ["an empty list", { field: "key", op: "in", value: [] }],
  ["more keys than it knows", { field: "key", op: "eq", value: "a", sql: "1" }],
  ["two operators at once", { and: [], or: [] }],
  ["text", "key == 'a'"],
])("%s is not a filter", (_, filter) => {
  expect(filterSchema.safeParse(filter).success).toBe(false);
});

it("a filter nested a hundred thousand deep is refused, not a stack overflow", () => {
  let filter: Filter = { field: "key", op: "exists" };
  for (let depth = 0; depth < 100_000; depth++) filter = { not: filter };
  expect(filterSchema.safeParse(filter).error?.issues[0]?.message).toMatch(/deeper than/);
});

it("a filter of too many parts is refused", () => {
  const values = { field: "ordinal", op: "in", value: Array.from({ length: 1000 }, (_, i) => i) };
  expect(filterSchema.safeParse({ or: Array(3).fill(values) }).success).toBe(true);
  expect(filterSchema.safeParse({ or: Array(10).fill(values) }).error?.issues[0]?.message).toMatch(
    /more than/,
  );
});

it("texts compare as their UTF-8 bytes do", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});
