import { describe, expect, it } from "vitest";
import type { Filter } from "../../../lib/store/filter.ts";
import { compileFilter, fieldsOf } from "../../../lib/store/milvus/filter-expr.ts";

const said = (filter: Filter, partitionKey: string | null = null) => {
  const { expr, exact } = compileFilter(filter, { infixMatch: true, partitionKey });
  return `${exact ? "exactly" : "at least"} ${expr}`;
};

describe("filters as expressions", () => {
  it.each<[Filter, string]>([
    [{ field: "key", op: "eq", value: 'a"b\\c\nd' }, String.raw`exactly key == "a\"b\\c\nd"`],
    [{ field: "key", op: "in", value: ["a", 7, "b"] }, 'exactly key in ["a", "b"]'],
    [{ field: "key", op: "ne", value: "a" }, 'exactly not (key == "a")'],
    [{ field: "key", op: "gt", value: 5 }, "exactly false"],
    [{ field: "key", op: "startsWith", value: "docs/" }, 'exactly key like "docs/%"'],
    [{ field: "key", op: "startsWith", value: "100%_x" }, 'at least key like "100%"'],
    [{ field: "key", op: "startsWith", value: "%" }, "at least true"],
    [{ field: "key", op: "startsWith", value: "" }, "exactly true"],
    [{ field: "key", op: "contains", value: "a%long part_b" }, 'at least key like "%long part%"'],
    [{ not: { field: "key", op: "contains", value: "a" } }, "at least true"],
    [{ field: "key", op: "eq", value: "a\0b" }, "at least true"],
    [{ field: "key", op: "eq", value: "\uD800" }, "at least true"],
    [{ field: "run", op: "lt", value: 1.5 }, "exactly run < 2"],
    [{ field: "run", op: "gt", value: 1.5 }, "exactly run > 1"],
    [{ field: "run", op: "eq", value: 1.5 }, "exactly false"],
    [{ field: "run", op: "lte", value: 1e300 }, "exactly true"],
    [{ field: "run", op: "gte", value: 2 ** 60 }, "exactly run >= 1152921504606846976"],
    [{ field: "run", op: "notIn", value: [1, 2] }, "exactly not (run in [1, 2])"],
    [{ field: "page", op: "lte", value: 3 }, "exactly (page <= 3) and (page >= 0)"],
    [{ field: "page", op: "exists", value: false }, "exactly not (page >= 0)"],
    [{ field: "quality", op: "gte", value: 0.3 }, "exactly quality >= 3e-1"],
    [{ field: "quality", op: "gt", value: 2 ** 70 }, "exactly quality > 1.1805916207174113e+21"],
    [
      { field: "qualityFlags", op: "contains", value: "boilerplate" },
      'exactly array_contains(qualityFlags, "boilerplate")',
    ],
    [{ field: "qualityFlags", op: "eq", value: "boilerplate" }, "exactly false"],
    [{ field: "metadata.author", op: "eq", value: "O'Brien" }, `at least metadata["author"] == "O'Brien"`],
    [{ field: "metadata.author", op: "ne", value: "x" }, "at least true"],
    [{ field: "metadata.year", op: "gte", value: 2024 }, 'at least metadata["year"] >= 2024'],
    [{ field: "metadata.year", op: "eq", value: 2 ** 60 }, "at least true"],
    [{ field: 'metadata.a"] == 1 or x["', op: "eq", value: 1 }, "at least true"],
    [{ field: "metadata.x", op: "exists" }, "at least true"],
  ])("%j", (filter, expected) => {
    expect(said(filter)).toBe(expected);
  });

  it("joins parts, and leaves out what is always or never so", () => {
    const a: Filter = { field: "run", op: "eq", value: 1 };
    const always: Filter = { and: [] };
    const never: Filter = { or: [] };
    const unsaid: Filter = { field: "metadata.x", op: "exists" };
    expect(said({ and: [a, always] })).toBe("exactly run == 1");
    expect(said({ and: [a, never] })).toBe("exactly false");
    expect(said({ and: [a, unsaid] })).toBe("at least run == 1");
    expect(said({ or: [a, never] })).toBe("exactly run == 1");
    expect(said({ or: [a, always] })).toBe("exactly true");
    expect(said({ or: [a, unsaid] })).toBe("at least true");
    expect(said({ not: { or: [a, unsaid] } })).toBe("at least not (run == 1)");
    expect(said({ not: { and: [a, { not: a }] } })).toBe("exactly (not (run == 1)) or (run == 1)");
  });

  it("a partition key narrows beside the metadata it comes from", () => {
    const tenant = (value: string | number): Filter => ({ field: "metadata.tenant", op: "eq", value });
    expect(said(tenant("t1"), "tenant")).toBe(
      'at least (metadata["tenant"] == "t1") and (partition == "t1")',
    );
    expect(said(tenant(7), "tenant")).toBe('at least metadata["tenant"] == 7');
    expect(said(tenant(""), "tenant")).toBe('at least metadata["tenant"] == ""');
  });

  it("names the fields that are left to judge, each once", () => {
    const filter: Filter = {
      and: [
        { field: "metadata.a", op: "exists" },
        {
          or: [
            { field: "key", op: "contains", value: "x" },
            { not: { field: "metadata.b", op: "eq", value: 1 } },
          ],
        },
      ],
    };
    expect(fieldsOf(filter)).toEqual(["metadata", "key"]);
  });
});
