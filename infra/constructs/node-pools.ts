import { type ICluster, NodegroupAmiType, TaintEffect } from "aws-cdk-lib/aws-eks-v2";
import { Construct } from "constructs";
import { infraPlan } from "../../lib/config/infra.ts";
import type { Config } from "../../lib/config/schema.ts";
import { cpuNodeLabels, gpuNodeLabels, gpuTaint } from "../charts/node-groups.ts";
import { GpuPlugin } from "./gpu-plugin.ts";
import { NodeGroup } from "./node-group.ts";

/** Nodes for everything, and, for an index on a GPU, tainted ones with GPUs beside them. */
export class NodePools extends Construct {
  constructor(scope: Construct, id: string, props: { readonly config: Config; readonly cluster: ICluster }) {
    super(scope, id);
    const { config, cluster } = props;
    const { cpuNodes, gpuNodes } = config.infra;
    const name = `${config.name}-${config.stage}`;
    new NodeGroup(this, "Cpu", {
      cluster,
      name: `${name}-cpu`,
      amiType: NodegroupAmiType.AL2023_X86_64_STANDARD,
      instanceTypes: cpuNodes.instanceTypes,
      count: cpuNodes.count,
      diskGiB: cpuNodes.diskGiB,
      labels: cpuNodeLabels,
    });
    const { gpuNodes: count } = infraPlan(config);
    if (count === 0) return;
    const nodes = new NodeGroup(this, "Gpu", {
      cluster,
      name: `${name}-gpu`,
      amiType: NodegroupAmiType.AL2023_X86_64_NVIDIA,
      instanceTypes: gpuNodes.instanceTypes,
      count,
      diskGiB: gpuNodes.diskGiB,
      labels: gpuNodeLabels,
      taints: [{ key: gpuTaint.key, value: gpuTaint.value, effect: TaintEffect.NO_SCHEDULE }],
    });
    new GpuPlugin(this, "GpuPlugin", cluster).node.addDependency(nodes);
  }
}
