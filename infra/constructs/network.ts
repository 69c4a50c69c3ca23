import { RemovalPolicy, Tags } from "aws-cdk-lib";
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { infraPlan } from "../../lib/config/infra.ts";
import type { Config } from "../../lib/config/schema.ts";
import { asVpc } from "../cdk-types.ts";

/** Services that nodes and functions call, besides S3 and SQS, which have their endpoints always. */
const otherServices = {
  Ecr: InterfaceVpcEndpointAwsService.ECR,
  EcrDocker: InterfaceVpcEndpointAwsService.ECR_DOCKER,
  Sts: InterfaceVpcEndpointAwsService.STS,
  SecretsManager: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
  Ssm: InterfaceVpcEndpointAwsService.SSM,
  Logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
  Ec2: InterfaceVpcEndpointAwsService.EC2,
  Eks: InterfaceVpcEndpointAwsService.EKS,
  EksAuth: InterfaceVpcEndpointAwsService.EKS_AUTH,
} as const;

/** The VPC: in each zone a public subnet, which holds nothing but NAT, and a private one for nodes and functions. */
export class Network extends Construct {
  readonly vpc: IVpc;

  constructor(scope: Construct, id: string, config: Config) {
    super(scope, id);
    const { infra } = config;
    const { zones } = infraPlan(config);
    const vpc = new Vpc(this, "Vpc", {
      ipAddresses: IpAddresses.cidr(infra.cidr),
      availabilityZones: [...zones],
      natGateways: infra.nat === "single" ? 1 : zones.length,
      subnetConfiguration: [
        { name: "Public", subnetType: SubnetType.PUBLIC, cidrMask: 26, mapPublicIpOnLaunch: false },
        // Every pod has an address of the network: the private subnets share nearly all of it.
        { name: "Private", subnetType: SubnetType.PRIVATE_WITH_EGRESS },
      ],
      gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
    });
    Tags.of(vpc).add("Name", `${config.name}-${config.stage}`);
    this.vpc = asVpc(vpc);
    this.addEndpoints(config);
    this.logFlows(config);
  }

  private addEndpoints({ infra }: Config): void {
    const group = new SecurityGroup(this, "Endpoints", {
      vpc: this.vpc,
      description: "Endpoints of AWS services",
      allowAllOutbound: false,
    });
    group.addIngressRule(Peer.ipv4(infra.cidr), Port.tcp(443), "The network");
    const services = {
      Sqs: InterfaceVpcEndpointAwsService.SQS,
      ...(infra.interfaceEndpoints ? otherServices : {}),
    };
    for (const [name, service] of Object.entries(services))
      this.vpc.addInterfaceEndpoint(name, { service, securityGroups: [group], open: false });
  }

  private logFlows({ infra, name, stage }: Config): void {
    const logGroup = new LogGroup(this, "FlowLogs", {
      logGroupName: `/${name}/${stage}/network`,
      retention: infra.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.vpc.addFlowLog("Flows", {
      destination: FlowLogDestination.toCloudWatchLogs(logGroup),
      trafficType: FlowLogTrafficType.REJECT,
    });
  }
}
