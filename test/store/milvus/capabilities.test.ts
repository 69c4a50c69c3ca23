import { describe, expect, it } from "vitest";
import {
  capabilitiesOf,
  requireIndex,
  requirePartitions,
  requireReplicas,
  requireWords,
} from "../../../lib/store/milvus/capabilities.ts";

const refused = (words: string) =>
  expect.objectContaining({ code: "NOT_AVAILABLE", message: expect.stringContaining(words) });

describe("capabilities by server version", () => {
  it.each([
    ["v2.3.5-lite", "Milvus 2.3.5", { words: false, infix: false, cagra: false, partitions: false }],
    ["v2.4.15", "Milvus 2.4.15", { words: false, infix: true, cagra: true, partitions: true }],
    ["v2.5.27", "Milvus 2.5.27", { words: true, infix: true, cagra: true, partitions: true }],
    ["2.6.19", "Milvus 2.6.19", { words: true, infix: true, cagra: true, partitions: true }],
    ["v3.0.2-gpu", "Milvus 3.0.2", { words: true, infix: true, cagra: true, partitions: true }],
    ["milvus_lite-3.2.2", "milvus-lite 3.2.2", { words: true, infix: true, cagra: false, partitions: true }],
    [
      "master-20261101-abcdef",
      "Milvus master-20261101-abcdef",
      { words: true, infix: true, cagra: true, partitions: true },
    ],
  ])("%s", (version, name, can) => {
    const server = capabilitiesOf(version);
    expect(server.name).toBe(name);
    expect({
      words: server.bm25 !== null,
      infix: server.infixMatch,
      cagra: server.indexTypes.has("GPU_CAGRA"),
      partitions: server.partitionKeys,
    }).toEqual(can);
  });

  it("a server that is too old is refused with the version that is needed", () => {
    expect(() => capabilitiesOf("v2.2.16")).toThrow(refused("2.3 or newer"));
  });

  it("what a server cannot do is refused in words that say what to do instead", () => {
    const old = capabilitiesOf("v2.3.5");
    expect(() => requireIndex(old, "HNSW_SQ")).toThrow(
      refused("set store.index.type to one of AUTOINDEX, FLAT"),
    );
    expect(() => requireWords(old, "hybrid")).toThrow(refused("ask for mode dense"));
    expect(() => requirePartitions(old, "tenant")).toThrow(refused("set store.partitionKey to null"));
    expect(() => requireReplicas(capabilitiesOf("milvus_lite-3.2.2"), 2)).toThrow(
      refused("store.replicas to 1"),
    );
    const now = capabilitiesOf("v2.6.19");
    requireIndex(now, "GPU_CAGRA");
    requireWords(now, "hybrid");
    requirePartitions(now, "tenant");
    requireReplicas(now, 3);
  });
});
