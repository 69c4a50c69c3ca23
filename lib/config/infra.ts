import type { z } from "zod";
import type { configSchema } from "./schema.ts";

type Parameters = Pick<z.infer<typeof configSchema>, "aws" | "store" | "infra">;

/** CAGRA with it is built on a GPU and searched on CPUs (Milvus, "GPU index"). */
const searchesOnCpu = ({ store }: Parameters): boolean => store.index.build.adapt_for_cpu === true;

/** Where the pods of Milvus go and how many there are, for the parameters of one stage. */
export type InfraPlan = {
  readonly gpu: boolean;
  /** At least two. */
  readonly zones: readonly string[];
  readonly queryNodes: number;
  readonly queryNodesOnGpu: boolean;
  /** 0: no group of GPU nodes. */
  readonly gpuNodes: number;
};

export const infraPlan = (config: Parameters): InfraPlan => {
  const { infra, store, aws } = config;
  const gpu = store.device === "gpu";
  const queryNodes = infra.milvus.queryNodes ?? store.replicas;
  const queryNodesOnGpu = gpu && !searchesOnCpu(config);
  const gpuPods = gpu ? infra.milvus.dataNodes + (queryNodesOnGpu ? queryNodes : 0) : 0;
  return {
    gpu,
    zones: infra.zones.length > 0 ? infra.zones : [`${aws.region}a`, `${aws.region}b`],
    queryNodes,
    queryNodesOnGpu,
    gpuNodes: gpu ? (infra.gpuNodes.count ?? gpuPods) : 0,
  };
};

/** AWS has a `g` after the generation for its own processors, as in m7g and c8gn. */
const graviton = /^[a-z]+\d+g[a-z]*\./;

/** What no server would say in time, as `{path, message}`. */
export const infraProblems = (config: Parameters): { path: string; message: string }[] => {
  const { infra, store, aws } = config;
  if (!infra.enabled) return [];
  const problems: { path: string; message: string }[] = [];
  const add = (path: string, message: string) => problems.push({ path: `infra.${path}`, message });
  if (store.driver !== "milvus") add("enabled", "needs `store.driver: milvus`");
  if (infra.zones.length === 1) add("zones", "EKS needs two zones at least");
  if (new Set(infra.zones).size < infra.zones.length) add("zones", "names a zone twice");
  for (const zone of infra.zones)
    if (zone.slice(0, -1) !== aws.region) add("zones", `${zone} is not a zone of aws.region (${aws.region})`);
  for (const group of ["cpuNodes", "gpuNodes"] as const)
    for (const type of infra[group].instanceTypes)
      if (graviton.test(type)) add(`${group}.instanceTypes`, `${type} is for arm64, the nodes are x86-64`);
  const { queryNodes } = infraPlan(config);
  if (queryNodes < store.replicas)
    add(
      "milvus.queryNodes",
      `must be at least store.replicas (${store.replicas}): each replica is on nodes of its own`,
    );
  return problems;
};
