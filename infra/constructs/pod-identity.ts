import { CfnPodIdentityAssociation, type ICluster } from "aws-cdk-lib/aws-eks-v2";
import {
  PolicyDocument,
  type PolicyStatement,
  Role,
  ServicePrincipal,
  SessionTagsPrincipal,
} from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";

export type PodIdentityProps = {
  readonly cluster: ICluster;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly statements: readonly PolicyStatement[];
};

/** A role that is given to pods of one service account, and to nothing else. */
export class PodIdentity extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, props: PodIdentityProps) {
    super(scope, id);
    this.role = new Role(this, "Role", {
      assumedBy: new SessionTagsPrincipal(new ServicePrincipal("pods.eks.amazonaws.com")),
      inlinePolicies: {
        pod: new PolicyDocument({ statements: [...props.statements] }),
      },
    });
    const association = new CfnPodIdentityAssociation(this, "Association", {
      clusterName: props.cluster.clusterName,
      namespace: props.namespace,
      serviceAccount: props.serviceAccount,
      roleArn: this.role.roleArn,
    });
    if (props.cluster.eksPodIdentityAgent) association.node.addDependency(props.cluster.eksPodIdentityAgent);
  }
}
