import { Stack } from "aws-cdk-lib";
import { type IVpc, Port, type SecurityGroup, SubnetType } from "aws-cdk-lib/aws-ec2";
import { HelmChart, type ICluster, KubernetesManifest } from "aws-cdk-lib/aws-eks-v2";
import {
  NetworkLoadBalancer,
  NetworkTargetGroup,
  Protocol,
  TargetType,
} from "aws-cdk-lib/aws-elasticloadbalancingv2";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";
import {
  loadBalancerController as controller,
  loadBalancerControllerValues,
  targetGroupBinding,
} from "../charts/load-balancer.ts";
import { milvusNames } from "../charts/milvus-names.ts";
import { PodIdentity } from "./pod-identity.ts";

export type MilvusLoadBalancerProps = {
  readonly cluster: ICluster;
  readonly vpc: IVpc;
  readonly securityGroup: SecurityGroup;
  /** What must be there before the controller and the binding. */
  readonly after: readonly Construct[];
};

/**
 * The internal load balancer of Milvus. It passes TLS through, so that it is ended by the proxies themselves. It belongs to
 * this stack and not to a Service: its name is known at once, its security group is ours, and nothing is left of it
 * when the cluster goes first.
 */
export class MilvusLoadBalancer extends Construct {
  readonly balancer: NetworkLoadBalancer;
  readonly targets: NetworkTargetGroup;

  constructor(scope: Construct, id: string, props: MilvusLoadBalancerProps) {
    super(scope, id);
    const { cluster, vpc, securityGroup } = props;
    this.balancer = new NetworkLoadBalancer(this, "Balancer", {
      vpc,
      internetFacing: false,
      crossZoneEnabled: true,
      securityGroups: [securityGroup],
      vpcSubnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS },
    });
    acknowledge(this.balancer, "ELB2", "it passes TLS through, and only TLS listeners write access logs");
    this.targets = new NetworkTargetGroup(this, "Targets", {
      vpc,
      port: milvusNames.port,
      protocol: Protocol.TCP,
      targetType: TargetType.IP,
      preserveClientIp: false,
      healthCheck: { protocol: Protocol.TCP },
    });
    this.balancer.addListener("Milvus", {
      port: milvusNames.port,
      protocol: Protocol.TCP,
      defaultTargetGroups: [this.targets],
    });
    cluster.clusterSecurityGroup.connections.allowFrom(
      securityGroup,
      Port.tcp(milvusNames.port),
      "Proxies of Milvus",
    );
    this.bind(props);
  }

  private bind({ cluster, vpc, after }: MilvusLoadBalancerProps): void {
    const identity = new PodIdentity(this, "ControllerIdentity", {
      cluster,
      namespace: controller.namespace,
      serviceAccount: controller.serviceAccount,
      statements: this.controllerStatements(),
    });
    acknowledge(identity, "IAM5[Resource::*]", "actions that only read and that IAM binds to no resource");
    const chart = new HelmChart(this, "Controller", {
      cluster,
      repository: controller.repository,
      chart: controller.chart,
      version: controller.version,
      release: controller.chart,
      namespace: controller.namespace,
      // Its definition of the binding must be there before the binding.
      wait: true,
      values: loadBalancerControllerValues({
        name: cluster.clusterName,
        region: Stack.of(this).region,
        vpcId: vpc.vpcId,
      }),
    });
    chart.node.addDependency(identity, ...after);
    const binding = new KubernetesManifest(this, "Binding", {
      cluster,
      manifest: [targetGroupBinding(this.targets.targetGroupArn, vpc.vpcId)],
    });
    binding.node.addDependency(chart);
  }

  /** Much less than the policy that the controller is published with: it keeps the targets of one group. */
  private controllerStatements(): PolicyStatement[] {
    return [
      new PolicyStatement({
        actions: ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"],
        resources: [this.targets.targetGroupArn],
      }),
      new PolicyStatement({
        // None of these can be bound to a resource.
        actions: [
          "elasticloadbalancing:DescribeTargetGroups",
          "elasticloadbalancing:DescribeTargetHealth",
          "ec2:DescribeAvailabilityZones",
          "ec2:DescribeInstances",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSecurityGroups",
          "ec2:DescribeSubnets",
          "ec2:DescribeVpcs",
        ],
        resources: ["*"],
      }),
    ];
  }
}
