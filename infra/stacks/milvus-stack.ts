import { Stack, type StackProps } from "aws-cdk-lib";
import type { ICluster } from "aws-cdk-lib/aws-eks-v2";
import type { Construct } from "constructs";
import type { Config } from "../../lib/config/schema.ts";
import { milvusNames } from "../charts/milvus-names.ts";
import { Cluster } from "../constructs/cluster.ts";
import { Milvus } from "../constructs/milvus.ts";
import { MilvusCertificate } from "../constructs/milvus-certificate.ts";
import { MilvusLoadBalancer } from "../constructs/milvus-load-balancer.ts";
import { MilvusLogin } from "../constructs/milvus-login.ts";
import { Monitoring } from "../constructs/monitoring.ts";
import { Namespace } from "../constructs/namespace.ts";
import { NodePools } from "../constructs/node-pools.ts";
import { publish } from "../constructs/parameter.ts";
import { SecretSync } from "../constructs/secret-sync.ts";
import { Storage } from "../constructs/storage.ts";
import type { NetworkStack } from "./network-stack.ts";

type MilvusStackProps = StackProps & { readonly config: Config; readonly network: NetworkStack };

/** EKS, Milvus on it, and how the functions reach it. */
export class MilvusStack extends Stack {
  constructor(scope: Construct, id: string, props: MilvusStackProps) {
    super(scope, id, props);
    const { config, network } = props;
    const { vpc } = network.network;
    const cluster = new Cluster(this, "Cluster", { config, vpc }).eks;
    const nodes = new NodePools(this, "Nodes", { config, cluster });
    const namespace = new Namespace(this, "Namespace", cluster);
    const storage = new Storage(this, "Storage", { config, cluster });
    storage.node.addDependency(nodes);
    const { balancer } = new MilvusLoadBalancer(this, "LoadBalancer", {
      cluster,
      vpc,
      securityGroup: network.access.loadBalancer,
      after: [namespace, nodes],
    });
    const host = balancer.loadBalancerDnsName;
    const ground = [namespace, storage];
    this.addMilvus({ config, cluster, host, ground });
    if (config.infra.monitoring)
      new Monitoring(this, "Monitoring", { config, cluster }).node.addDependency(...ground);
    publish(this, config.stage, "milvusAddress", `${host}:${milvusNames.port}`);
  }

  private addMilvus(props: {
    readonly config: Config;
    readonly cluster: ICluster;
    readonly host: string;
    /** What must be there first. */
    readonly ground: readonly Construct[];
  }): void {
    const { config, cluster, host, ground } = props;
    const login = new MilvusLogin(this, "Login", config);
    const certificate = new MilvusCertificate(this, "Certificate", { config, host });
    const sync = new SecretSync(this, "SecretSync", {
      cluster,
      namespace: milvusNames.namespace,
      secrets: [
        { name: milvusNames.rootSecret, type: "Opaque", arn: login.secret.secretArn },
        { name: milvusNames.tlsSecret, type: "kubernetes.io/tls", arn: certificate.serverSecretArn },
      ],
      generation: certificate.serial,
    });
    sync.node.addDependency(...ground);
    const milvus = new Milvus(this, "Milvus", { config, cluster, certificate: certificate.serial });
    milvus.chart.node.addDependency(...ground, sync);
    publish(this, config.stage, "milvusTokenSecretArn", login.secret.secretArn);
    publish(this, config.stage, "milvusCa", certificate.ca);
  }
}
