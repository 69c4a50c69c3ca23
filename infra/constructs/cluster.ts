import { KubectlV36Layer } from "@aws-cdk/lambda-layer-kubectl-v36";
import { RemovalPolicy } from "aws-cdk-lib";
import { type IVpc, SubnetType } from "aws-cdk-lib/aws-ec2";
import {
  AccessPolicy,
  AccessScopeType,
  ClusterLoggingTypes,
  DefaultCapacityType,
  Cluster as EksCluster,
  EndpointAccess,
  type ICluster,
  KubernetesVersion,
} from "aws-cdk-lib/aws-eks-v2";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Config } from "../../lib/config/schema.ts";
import { acknowledge, acknowledgeManagedPolicies } from "../acknowledge.ts";
import { asCluster } from "../cdk-types.ts";

const endpointAccess = (cidrs: readonly string[]): EndpointAccess =>
  cidrs.length === 0 ? EndpointAccess.PRIVATE : EndpointAccess.PUBLIC_AND_PRIVATE.onlyFrom(...cidrs);

const acknowledgeFindings = (eks: EksCluster): void => {
  const handler = eks.node.findChild("KubectlProvider");
  acknowledgeManagedPolicies(
    eks,
    ["AmazonEKSClusterPolicy"],
    "what the control plane of EKS needs, kept by AWS",
  );
  acknowledgeManagedPolicies(
    handler,
    [
      "service-role/AWSLambdaBasicExecutionRole",
      "service-role/AWSLambdaVPCAccessExecutionRole",
      "AmazonEC2ContainerRegistryReadOnly",
    ],
    "role that the CDK gives to its kubectl function",
  );
  const publicRegistry =
    '{"Fn::If":["ClusterEksKubectlProviderHandlerHasEcrPublic454A6214",{"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},' +
    '":iam::aws:policy/AmazonElasticContainerRegistryPublicReadOnly"]]},{"Ref":"AWS::NoValue"}]}';
  acknowledge(handler, `IAM4[Policy::${publicRegistry}]`, "role that the CDK gives to its kubectl function");
  acknowledge(handler, "L1", "the CDK picks the runtime of its kubectl function");
  acknowledge(
    handler,
    "IAM5[Resource::<ClusterEksKubectlProviderHandler59BB3552.Arn>:*]",
    "versions of the one function that the CDK's provider framework calls",
  );
};

/** EKS without nodes: its API inside the network unless `publicAccessCidrs` opens it, its logs kept. */
export class Cluster extends Construct {
  readonly eks: ICluster;

  constructor(scope: Construct, id: string, { config, vpc }: { config: Config; vpc: IVpc }) {
    super(scope, id);
    const { kubernetes, logRetentionDays } = config.infra;
    const clusterName = `${config.name}-${config.stage}`;
    // EKS makes the group by itself otherwise, and keeps what is in it for ever.
    const logGroup = new LogGroup(this, "Logs", {
      logGroupName: `/aws/eks/${clusterName}/cluster`,
      retention: logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const eks = new EksCluster(this, "Eks", {
      clusterName,
      vpc,
      vpcSubnets: [{ subnetType: SubnetType.PRIVATE_WITH_EGRESS }],
      version: KubernetesVersion.of(kubernetes.version),
      defaultCapacityType: DefaultCapacityType.NODEGROUP,
      defaultCapacity: 0,
      endpointAccess: endpointAccess(kubernetes.publicAccessCidrs),
      clusterLogging: [
        ClusterLoggingTypes.API,
        ClusterLoggingTypes.AUDIT,
        ClusterLoggingTypes.AUTHENTICATOR,
        ClusterLoggingTypes.CONTROLLER_MANAGER,
        ClusterLoggingTypes.SCHEDULER,
      ],
      outputConfigCommand: false,
      // kubectl speaks to one version of Kubernetes more and one less than its own.
      kubectlProviderOptions: { kubectlLayer: new KubectlV36Layer(this, "Kubectl") },
    });
    eks.node.addDependency(logGroup);
    kubernetes.adminRoles.forEach((role, index) => {
      eks.grantAccess(`Admin${index}`, role, [
        AccessPolicy.fromAccessPolicyName("AmazonEKSClusterAdminPolicy", {
          accessScopeType: AccessScopeType.CLUSTER,
        }),
      ]);
    });
    acknowledgeFindings(eks);
    this.eks = asCluster(eks);
  }
}
