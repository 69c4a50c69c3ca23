import { CfnAddon, type ICluster, KubernetesManifest } from "aws-cdk-lib/aws-eks-v2";
import { ManagedPolicy, Role, ServicePrincipal, SessionTagsPrincipal } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import type { Config } from "../../lib/config/schema.ts";
import { acknowledgeManagedPolicies } from "../acknowledge.ts";
import { storageClass } from "../charts/storage-class.ts";

const driverPolicy = "service-role/AmazonEBSCSIDriverPolicy";

/** The EBS CSI driver, as an add-on of EKS (which picks the version that fits the cluster), and the default class. */
export class Storage extends Construct {
  constructor(scope: Construct, id: string, { config, cluster }: { config: Config; cluster: ICluster }) {
    super(scope, id);
    const role = new Role(this, "Role", {
      assumedBy: new SessionTagsPrincipal(new ServicePrincipal("pods.eks.amazonaws.com")),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName(driverPolicy)],
    });
    acknowledgeManagedPolicies(role, [driverPolicy], "what AWS's own driver needs, kept by AWS");
    const driver = new CfnAddon(this, "Driver", {
      addonName: "aws-ebs-csi-driver",
      clusterName: cluster.clusterName,
      resolveConflicts: "OVERWRITE",
      podIdentityAssociations: [{ serviceAccount: "ebs-csi-controller-sa", roleArn: role.roleArn }],
    });
    if (cluster.eksPodIdentityAgent) driver.node.addDependency(cluster.eksPodIdentityAgent);
    const manifest = new KubernetesManifest(this, "Class", {
      cluster,
      manifest: [storageClass(config.infra.deletionPolicy)],
    });
    manifest.node.addDependency(driver);
  }
}
