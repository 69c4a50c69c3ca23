import { type IVpc, Peer, Port, SecurityGroup } from "aws-cdk-lib/aws-ec2";
import { Construct } from "constructs";
import { milvusNames } from "../charts/milvus-names.ts";

/**
 * Who may speak to Milvus: functions → load balancer → proxies, each only to the next, on the one port. Nothing calls
 * a function inside the network, so their group lets nothing in.
 */
export class FunctionAccess extends Construct {
  readonly functions: SecurityGroup;
  readonly loadBalancer: SecurityGroup;

  constructor(scope: Construct, id: string, vpc: IVpc) {
    super(scope, id);
    this.functions = new SecurityGroup(this, "Functions", {
      vpc,
      description: "Functions of Kettle",
      allowAllOutbound: false,
    });
    this.loadBalancer = new SecurityGroup(this, "LoadBalancer", {
      vpc,
      description: "Load balancer of Milvus",
      allowAllOutbound: false,
    });
    const port = Port.tcp(milvusNames.port);
    this.functions.addEgressRule(this.loadBalancer, port, "Milvus");
    // S3 is reached through its gateway endpoint, at public addresses whose list only a deployed region knows.
    this.functions.addEgressRule(Peer.anyIpv4(), Port.tcp(443), "S3, SQS and other services of AWS");
    this.loadBalancer.addIngressRule(this.functions, port, "Functions");
  }
}
