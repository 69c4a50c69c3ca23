import { describe, expect, it } from "vitest";
import { clusterAlgorithms } from "../../lib/cluster/registry.ts";
import { parseConfig } from "../../lib/config/load.ts";
import { configSchema, rerankNames } from "../../lib/config/schema.ts";
import { searchRequest } from "../../lib/http/schemas.ts";
import { rerankerNames } from "../../lib/rerank/registry.ts";

const accepted = (yaml: string): boolean => {
  try {
    parseConfig(yaml, "local");
    return true;
  } catch {
    return false;
  }
};

describe("what kettle.yml and requests may name is what there is", () => {
  it.each(rerankNames)("search.rerank: %s", (name) => {
    expect(accepted(`search: { rerank: ${name} }`)).toBe((rerankerNames as string[]).includes(name));
  });

  const declared = configSchema.shape.clustering.unwrap().shape.algorithm.unwrap().options;
  it.each(declared.filter((name) => name !== "none"))("clustering.algorithm: %s", (name) => {
    const there = (clusterAlgorithms as string[]).includes(name);
    expect(accepted(`clustering: { algorithm: ${name} }`)).toBe(there);
    expect(searchRequest.safeParse({ query: "kites", cluster: { algorithm: name } }).success).toBe(there);
  });

  it("every shipped reranker can be requested, by name and with options", () => {
    for (const rerank of rerankerNames) {
      expect(searchRequest.safeParse({ query: "kites", rerank }).success).toBe(true);
      expect(searchRequest.safeParse({ query: "kites", rerank: { name: rerank } }).success).toBe(true);
    }
  });
});
