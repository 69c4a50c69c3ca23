import { expect, it } from "vitest";
import { infraPlan } from "../../lib/config/infra.ts";
import { infraConfig } from "./config.ts";

it.each([
  ["one zone", { zones: ["us-east-1a"] }, "infra.zones: EKS needs two zones"],
  ["a zone twice", { zones: ["us-east-1a", "us-east-1a"] }, "infra.zones: names a zone twice"],
  [
    "a zone of another region",
    { zones: ["us-east-1a", "eu-west-1b"] },
    "eu-west-1b is not a zone of aws.region",
  ],
  ["no zone", { zones: ["us-east"] }, "must be a zone"],
  ["a network that is none", { cidr: "10.0.0.0/8" }, "infra.cidr: must be an IPv4 network of /16 to /22"],
  ["fewer query nodes than replicas", { milvus: { queryNodes: 1 } }, "at least store.replicas (2)"],
  [
    "nodes for another processor",
    { cpuNodes: { instanceTypes: ["m7g.2xlarge"] } },
    "m7g.2xlarge is for arm64",
  ],
  ["a version that kubectl cannot speak to", { kubernetes: { version: "1.28" } }, "infra.kubernetes.version"],
])("%s is refused when the parameters are read", (_, infra, message) => {
  expect(() => infraConfig({ infra })).toThrow(message);
});

it("needs a store that is a Milvus", () => {
  expect(() => infraConfig({ store: { driver: "embedded", replicas: 1 } })).toThrow(
    "infra.enabled: needs `store.driver: milvus`",
  );
});

it("a stage without infrastructure of its own is not asked about it", () => {
  expect(() => infraConfig({ infra: { enabled: false, zones: ["us-east-1a"] } })).not.toThrow();
});

it("takes two zones of the region, and one GPU node for each pod that needs a GPU", () => {
  expect(infraPlan(infraConfig())).toEqual({
    gpu: true,
    zones: ["us-east-1a", "us-east-1b"],
    queryNodes: 2,
    queryNodesOnGpu: true,
    gpuNodes: 3,
  });
});

it("an index that is built on a GPU and searched on CPUs needs GPUs for the building alone", () => {
  const plan = infraPlan(infraConfig({ store: { index: { build: { adapt_for_cpu: true } } } }));
  expect(plan).toMatchObject({ gpu: true, queryNodesOnGpu: false, gpuNodes: 1 });
});

it("without a GPU there are no GPU nodes, whatever is said of them", () => {
  const cpu = { device: "cpu", index: { type: "HNSW" } };
  expect(infraPlan(infraConfig({ store: cpu, infra: { gpuNodes: { count: 4 } } }))).toMatchObject({
    gpu: false,
    gpuNodes: 0,
  });
});
