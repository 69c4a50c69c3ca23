import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadConfig, parseConfig, stageNames } from "../../lib/config/load.ts";

const problemsOf = (text: string, stage = "local"): string => {
  try {
    parseConfig(text, stage);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
};

describe("kettle.yml", () => {
  it("an empty file gives every default", () => {
    const config = parseConfig("", "local");
    expect(config.chunking).toEqual({
      strategy: "recursive",
      size: 256,
      overlap: 32,
      parent: null,
      rules: [],
    });
    expect(config.search).toMatchObject({
      topK: 10,
      mode: "dense",
      rerank: "distance",
      budget: { tokens: null },
    });
    expect(config.clustering).toMatchObject({ algorithm: "kmeans", k: "auto", when: "store" });
    expect(config.limits.objectBytes).toBe(200_000_000);
    expect(config.http.auth).toBe(true);
    expect(config.stage).toBe("local");
  });

  it("names every problem in one error", () => {
    const message = problemsOf(`
search: { topK: many, foo: 1 }
store: { driver: nope }
chunking: { size: 100000 }
http: { cors: { origins: "*" } }`);
    for (const path of ["search.topK", '"foo"', "store.driver", "chunking.size", "http.cors.origins"])
      expect(message).toContain(path);
    expect(message).toContain("5 problems");
  });

  it.each([
    ["store: { device: gpu }", "store.device"],
    ["store: { index: { type: HNSW } }", "store.index.type"],
    ["store: { metric: L2 }", "store.metric"],
    ["store: { replicas: 2 }", "store.replicas"],
    ["store: { partitionKey: tenant }", "store.partitionKey"],
    ["embedding: { device: cuda }", "embedding.device"],
  ])("a key whose feature is not there yet is refused: %s", (text, path) => {
    expect(problemsOf(text)).toContain(`${path}: `);
    expect(problemsOf(text)).toMatch(/not part of this version/);
  });

  it.each([
    ["store: { index: { type: GPU_CAGRA } }", "needs `store.device: gpu`"],
    ["store: { driver: milvus }", "store.address"],
    ["chunking: { size: 64, overlap: 40 }", "at most half of chunking.size (64)"],
    ["chunking: { size: 64, parent: { tokens: 127 } }", "at least twice chunking.size (64)"],
    ["chunking: { parent: { tokens: 5000 } }", "chunking.parent.tokens"],
    ["search: { rerank: 'custom:mine' }", "search.custom does not declare"],
    [
      "store: { driver: milvus, address: 'h:1', device: gpu, index: { type: GPU_CAGRA } }\nsearch: { candidates: 2000 }",
      "GPU_CAGRA gives at most 1024",
    ],
    ["aws: { documentBucket: same, stateBucket: same }", "aws.stateBucket"],
  ])("parameters that contradict each other are refused: %s", (text, words) => {
    expect(problemsOf(text)).toContain(words);
  });

  it("a stage is merged deep over the rest", () => {
    const text = "search: { topK: 7 }\nstages: { a: { search: { mode: sparse } }, b: {} }";
    expect(parseConfig(text, "a").search).toMatchObject({ topK: 7, mode: "sparse" });
    expect(parseConfig(text, "b").search).toMatchObject({ topK: 7, mode: "dense" });
    expect(problemsOf(text, "c")).toContain("no stage `c`; there are a, b");
  });

  it("broken YAML and a missing file are one clear error", () => {
    expect(problemsOf("a: [")).toMatch(/kettle\.yml \(stage local\) has 1 problem/);
    expect(() => loadConfig("no-such.yml", "local")).toThrow("cannot read no-such.yml");
  });

  it("the shipped file declares local, localstack and prod, and local is complete", () => {
    expect(stageNames(readFileSync("kettle.yml", "utf8"))).toEqual(["local", "localstack", "prod"]);
    const config = loadConfig("kettle.yml", "local");
    expect(config.store.driver).toBe("embedded");
    expect(config.http.auth).toBe(false);
  });

  it("a rule whose overlap or parent does not go with its size is refused, with its place", () => {
    expect(() =>
      parseConfig("chunking: { rules: [{ prefix: a/, size: 32, overlap: 20 }] }", "local"),
    ).toThrow("chunking.rules.0.overlap: must be at most half of its size (32)");
    expect(() =>
      parseConfig(
        "chunking: { parent: { tokens: 512 }, rules: [{ prefix: a/, size: 400 }, { prefix: b/, size: 400, parent: null }] }",
        "local",
      ),
    ).toThrow(/1 problem.*chunking\.rules\.0\.parent\.tokens: must be at least twice its size \(400\)/s);
  });
});
