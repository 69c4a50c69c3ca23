import { Stack, type StackProps } from "aws-cdk-lib";
import { SubnetType } from "aws-cdk-lib/aws-ec2";
import type { Construct } from "constructs";
import type { Config } from "../../lib/config/schema.ts";
import { FunctionAccess } from "../constructs/function-access.ts";
import { Network } from "../constructs/network.ts";
import { publish } from "../constructs/parameter.ts";

/** What functions and Milvus have in common: the network and who may speak to whom. */
export class NetworkStack extends Stack {
  readonly network: Network;
  readonly access: FunctionAccess;

  constructor(scope: Construct, id: string, props: StackProps & { readonly config: Config }) {
    super(scope, id, props);
    const { config } = props;
    this.network = new Network(this, "Network", config);
    const { vpc } = this.network;
    this.access = new FunctionAccess(this, "Access", vpc);
    const { subnetIds } = vpc.selectSubnets({ subnetType: SubnetType.PRIVATE_WITH_EGRESS });
    publish(this, config.stage, "vpcId", vpc.vpcId);
    publish(this, config.stage, "subnetIds", subnetIds);
    publish(this, config.stage, "securityGroupId", this.access.functions.securityGroupId);
  }
}
