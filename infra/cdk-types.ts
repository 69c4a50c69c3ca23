import type { IVpc, Vpc } from "aws-cdk-lib/aws-ec2";
import type { Cluster, ICluster } from "aws-cdk-lib/aws-eks-v2";

/**
 * The CDK is typed without exactOptionalPropertyTypes: its classes give `undefined` where its own interfaces leave the
 * property out.
 */
export const asVpc = (vpc: Vpc): IVpc => vpc as IVpc;
export const asCluster = (cluster: Cluster): ICluster => cluster as ICluster;
