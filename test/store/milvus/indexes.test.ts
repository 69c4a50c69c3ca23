import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../lib/config/load.ts";
import { indexTypes } from "../../../lib/config/schema.ts";
import {
  buildParameters,
  type IndexSetting,
  indexProblems,
  largestAnswer,
  refinement,
  searchParameters,
  segmentRows,
  serverMetric,
} from "../../../lib/store/milvus/indexes.ts";

const setting = (overrides: Partial<IndexSetting> = {}): IndexSetting => ({
  type: "HNSW",
  metric: "COSINE",
  dimension: 384,
  expectedRows: 100_000,
  targetRecall: 0.95,
  build: {},
  search: {},
  ...overrides,
});

const number = (value: unknown): number => Number(value);

describe("index parameters", () => {
  const sizes = [1, 500, 20_000, 1_000_000, 5_000_000_000].flatMap((expectedRows) =>
    [0.5, 0.9, 0.95, 0.99, 0.999].flatMap((targetRecall) =>
      [1, 10, 100, 1_000].map((limit) => ({ expectedRows, targetRecall, limit })),
    ),
  );
  const least = (search: Readonly<Record<string, unknown>>): number =>
    Math.min(
      ...["ef", "search_list", "itopk_size"].flatMap((name) =>
        name in search ? [number(search[name])] : [],
      ),
    );

  it.each(indexTypes)("%s: every number is whole, positive and in the server's range", (type) => {
    for (const { limit, ...size } of sizes) {
      const one = setting({ type, ...size });
      const build = buildParameters(one);
      const search = searchParameters(one, limit);
      const numbers = [...Object.values(build), ...Object.values(search)].filter(
        (each) => typeof each === "number",
      );
      expect(numbers.filter((each) => !Number.isInteger(each) || each < 1 || each > 65_536)).toEqual([]);
      expect(number(search.nprobe ?? 1)).toBeLessThanOrEqual(number(build.nlist ?? 1));
      expect(384 % number(build.m ?? 1)).toBe(0);
      expect(least(search)).toBeGreaterThanOrEqual(limit);
      expect(number(search.itopk_size ?? 1)).toBeLessThanOrEqual(1_024);
    }
  });

  it("more recall asks for more work, more rows for more lists and a smaller share of them", () => {
    const at = (targetRecall: number, type: IndexSetting["type"] = "IVF_FLAT") =>
      searchParameters(setting({ type, targetRecall }), 10);
    expect(number(at(0.9).nprobe)).toBeLessThan(number(at(0.95).nprobe));
    expect(number(at(0.95).nprobe)).toBeLessThan(number(at(0.99).nprobe));
    expect(number(at(0.9, "HNSW").ef)).toBeLessThan(number(at(0.99, "HNSW").ef));
    const sized = (expectedRows: number) => {
      const one = setting({ type: "IVF_FLAT", expectedRows });
      return { nlist: number(buildParameters(one).nlist), nprobe: number(searchParameters(one, 10).nprobe) };
    };
    expect(sized(20_000).nlist).toBeLessThan(sized(300_000).nlist);
    expect(sized(300_000).nprobe / sized(300_000).nlist).toBeLessThan(
      sized(20_000).nprobe / sized(20_000).nlist,
    );
  });

  it("an index is that of a segment: beyond one segment's rows nothing grows", () => {
    expect(segmentRows({ expectedRows: 1_000, dimension: 384 })).toBe(1_000);
    const most = segmentRows({ expectedRows: 1e9, dimension: 384 });
    expect(most).toBeGreaterThan(100_000);
    expect(segmentRows({ expectedRows: 1e9, dimension: 1_536 })).toBeLessThan(most);
  });

  it("what the caller sets wins, but never below what the answer needs", () => {
    const own = setting({ build: { M: 8 }, search: { ef: 20 } });
    expect(buildParameters(own)).toMatchObject({ M: 8, efConstruction: 200 });
    expect(searchParameters(own, 10)).toEqual({ ef: 20 });
    expect(searchParameters(own, 50)).toEqual({ ef: 50 });
    const lists = setting({ type: "IVF_FLAT", build: { nlist: 64 } });
    expect(number(searchParameters(lists, 10).nprobe)).toBeLessThanOrEqual(64);
  });

  it("GPU indexes: inner product for cosine, at most 1,024 rows, `ef` once adapted for the CPU", () => {
    const cagra = setting({ type: "GPU_CAGRA" });
    expect(serverMetric(cagra)).toBe("IP");
    expect(serverMetric(setting())).toBe("COSINE");
    expect(serverMetric({ type: "GPU_IVF_FLAT", metric: "L2" })).toBe("L2");
    expect(largestAnswer("GPU_CAGRA")).toBe(1_024);
    expect(() => searchParameters(cagra, 1_025)).toThrow(
      expect.objectContaining({
        code: "STORE_REFUSED",
        message: expect.stringMatching(/1025.*GPU_CAGRA.*1024/),
      }),
    );
    const adapted = setting({ type: "GPU_CAGRA", build: { adapt_for_cpu: "true" } });
    expect(searchParameters(adapted, 200)).toEqual({ ef: 200 });
    expect(buildParameters(adapted)).toMatchObject({ adapt_for_cpu: "true", graph_degree: 32 });
  });

  it("compressed vectors are asked for more often, so that exact scores choose", () => {
    expect(refinement(setting({ type: "IVF_PQ" }))).toBe(8);
    expect(refinement(setting({ type: "HNSW" }))).toBe(1);
  });

  it("contradictions are said when kettle.yml is read, all at once", () => {
    const problems = indexProblems(
      {
        type: "GPU_CAGRA",
        build: { graph_degree: 64, intermediate_graph_degree: 32 },
        search: { itopk_size: 2_048 },
      },
      { topK: 10, candidates: 5_000 },
    );
    expect(problems.map(({ path }) => path)).toEqual([
      "store.index.build.intermediate_graph_degree",
      "store.index.search.itopk_size",
      "search.candidates",
    ]);
    const text = "{ store: { driver: milvus, address: 'm:19530', device: gpu, index: { type: GPU_CAGRA } } }";
    expect(parseConfig(text, "local").store.index.type).toBe("GPU_CAGRA");
  });
});
