import { Tags } from "aws-cdk-lib";
import {
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  InstanceType,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
} from "aws-cdk-lib/aws-ec2";
import { type ICluster, Nodegroup, type NodegroupAmiType, type TaintSpec } from "aws-cdk-lib/aws-eks-v2";
import { ManagedPolicy, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { acknowledgeManagedPolicies } from "../acknowledge.ts";

const nodePolicies = [
  "AmazonEKSWorkerNodePolicy",
  "AmazonEKS_CNI_Policy",
  "AmazonEC2ContainerRegistryReadOnly",
] as const;

export type NodeGroupProps = {
  readonly cluster: ICluster;
  readonly name: string;
  readonly amiType: NodegroupAmiType;
  readonly instanceTypes: readonly string[];
  readonly count: number;
  readonly diskGiB: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints?: readonly TaintSpec[];
};

/**
 * Nodes of one kind. The node's own role pulls images and joins the cluster; pods cannot borrow it, since metadata
 * answers one hop away only.
 */
export class NodeGroup extends Construct {
  constructor(scope: Construct, id: string, props: NodeGroupProps) {
    super(scope, id);
    const role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("ec2.amazonaws.com"),
      managedPolicies: nodePolicies.map((policy) => ManagedPolicy.fromAwsManagedPolicyName(policy)),
    });
    acknowledgeManagedPolicies(role, nodePolicies, "what nodes of EKS need, kept by AWS");
    const template = new LaunchTemplate(this, "Template", {
      httpTokens: LaunchTemplateHttpTokens.REQUIRED,
      httpPutResponseHopLimit: 1,
      blockDevices: [
        {
          deviceName: "/dev/xvda",
          volume: BlockDeviceVolume.ebs(props.diskGiB, {
            volumeType: EbsDeviceVolumeType.GP3,
            encrypted: true,
          }),
        },
      ],
    });
    Tags.of(template).add("Name", props.name);
    new Nodegroup(this, "Nodes", {
      cluster: props.cluster,
      nodeRole: role,
      amiType: props.amiType,
      instanceTypes: props.instanceTypes.map((type) => new InstanceType(type)),
      minSize: props.count,
      desiredSize: props.count,
      // Room for the new nodes of an update.
      maxSize: props.count + 1,
      labels: { ...props.labels },
      ...(props.taints ? { taints: [...props.taints] } : {}),
      enableNodeAutoRepair: true,
      launchTemplateSpec: {
        id: template.launchTemplateId ?? "",
        version: template.latestVersionNumber,
      },
    });
  }
}
