import { Stack, type StackProps } from "aws-cdk-lib";
import { type ICluster, NodegroupAmiType, TaintEffect } from "aws-cdk-lib/aws-eks-v2";
import type { Construct } from "constructs";
import { infraPlan } from "../../lib/config/infra.ts";
import type { Config } from "../../lib/config/schema.ts";
import { milvusNames } from "../charts/milvus-names.ts";
import { cpuNodeLabels, gpuNodeLabels, gpuTaint } from "../charts/node-groups.ts";
import { Cluster } from "../constructs/cluster.ts";
import { GpuPlugin } from "../constructs/gpu-plugin.ts";
import { Milvus } from "../constructs/milvus.ts";
import { MilvusLoadBalancer } from "../constructs/milvus-load-balancer.ts";
import { MilvusLogin } from "../constructs/milvus-login.ts";
import { Monitoring } from "../constructs/monitoring.ts";
import { Namespace } from "../constructs/namespace.ts";
import { NodeGroup } from "../constructs/node-group.ts";
import { publish } from "../constructs/parameter.ts";
import { SecretSync } from "../constructs/secret-sync.ts";
import { Storage } from "../constructs/storage.ts";
import type { NetworkStack } from "./network-stack.ts";

/** EKS, Milvus on it, and how the functions reach it. */
export class MilvusStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    props: StackProps & { readonly config: Config; readonly network: NetworkStack },
  ) {
    super(scope, id, props);
    const { config, network } = props;
    const { vpc } = network.network;
    const cluster = new Cluster(this, "Cluster", { config, vpc }).eks;
    this.addNodes(config, cluster);
    const namespace = new Namespace(this, "Namespace", cluster);
    const storage = new Storage(this, "Storage", { config, cluster });
    const login = new MilvusLogin(this, "Login", config);
    const sync = new SecretSync(this, "SecretSync", {
      cluster,
      namespace: milvusNames.namespace,
      secrets: [{ name: milvusNames.rootSecret, type: "Opaque", arn: login.secret.secretArn }],
      generation: String(config.infra.milvus.certificateGeneration),
    });
    sync.node.addDependency(namespace);
    const milvus = new Milvus(this, "Milvus", { config, cluster });
    milvus.chart.node.addDependency(namespace, storage, sync);
    if (config.infra.monitoring) {
      const monitoring = new Monitoring(this, "Monitoring", { config, cluster });
      monitoring.node.addDependency(namespace, storage);
    }
    const { balancer } = new MilvusLoadBalancer(this, "LoadBalancer", {
      cluster,
      vpc,
      securityGroup: network.access.loadBalancer,
      namespace,
    });
    publish(this, config.stage, "milvusAddress", `${balancer.loadBalancerDnsName}:${milvusNames.port}`);
    publish(this, config.stage, "milvusTokenSecretArn", login.secret.secretArn);
  }

  private addNodes(config: Config, cluster: ICluster): void {
    const { cpuNodes, gpuNodes } = config.infra;
    const name = `${config.name}-${config.stage}`;
    new NodeGroup(this, "CpuNodes", {
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
    const nodes = new NodeGroup(this, "GpuNodes", {
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
