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

type Problem = { readonly path: string; readonly message: string };

const zoneProblems = ({ infra, aws }: Parameters): Problem[] => {
  const messages = [
    ...(infra.zones.length === 1 ? ["EKS needs two zones at least"] : []),
    ...(new Set(infra.zones).size < infra.zones.length ? ["names a zone twice"] : []),
    ...infra.zones
      .filter((zone) => zone.slice(0, -1) !== aws.region)
      .map((zone) => `${zone} is not a zone of aws.region (${aws.region})`),
  ];
  return messages.map((message) => ({ path: "infra.zones", message }));
};

const nodeProblems = ({ infra }: Parameters): Problem[] =>
  (["cpuNodes", "gpuNodes"] as const).flatMap((group) =>
    infra[group].instanceTypes
      .filter((type) => graviton.test(type))
      .map((type) => ({
        path: `infra.${group}.instanceTypes`,
        message: `${type} is for arm64, the nodes are x86-64`,
      })),
  );

/** What no server would say in time, as `{path, message}`. */
export const infraProblems = (config: Parameters): readonly Problem[] => {
  const { infra, store } = config;
  if (!infra.enabled) return [];
  const problems = [...zoneProblems(config), ...nodeProblems(config)];
  if (store.driver !== "milvus")
    problems.push({ path: "infra.enabled", message: "needs `store.driver: milvus`" });
  if (infraPlan(config).queryNodes < store.replicas)
    problems.push({
      path: "infra.milvus.queryNodes",
      message: `must be at least store.replicas (${store.replicas}): each replica is on nodes of its own`,
    });
  return problems;
};
