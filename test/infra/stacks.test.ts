import { App, Stack, Validations } from "aws-cdk-lib";
import { Match, type Template } from "aws-cdk-lib/assertions";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { AwsSolutionsChecks } from "cdk-nag";
import { beforeAll, describe, expect, it } from "vitest";
import { infraApp } from "../../infra/infra-app.ts";
import { infraParameters } from "../../packaging/infra-parameters.ts";
import { cpuConfig, infraConfig } from "./config.ts";
import { chartsOf, manifestsOf, synthesised } from "./synthesised.ts";

type Stacks = { readonly network: Template; readonly milvus: Template };
/** Both pass cdk-nag, or there would be no templates. With a GPU, and everything else as it is by default. */
let plain: Stacks;
/** Without a GPU, and everything else as it is not by default. */
let other: Stacks;
beforeAll(() => {
  plain = synthesised(infraConfig());
  other = synthesised(
    cpuConfig({
      infra: {
        zones: ["us-east-1a", "us-east-1c", "us-east-1d"],
        nat: "per-zone",
        interfaceEndpoints: true,
        deletionPolicy: "destroy",
        kubernetes: { publicAccessCidrs: ["198.51.100.0/24"] },
        monitoring: true,
      },
    }),
  );
}, 180_000);

const properties = (template: Template, type: string) =>
  Object.values(template.findResources(type)).map(({ Properties }) => Properties);
const charts = ({ milvus }: Stacks) => chartsOf(milvus).map(({ chart }) => chart);
const kinds = ({ milvus }: Stacks, kind: string) =>
  manifestsOf(milvus).filter((manifest) => manifest.kind === kind);

it("a stage without infrastructure of its own says so, instead of an empty app", () => {
  expect(() => infraApp(infraConfig({ infra: { enabled: false } }))).toThrow("Set infra.enabled: true");
});

it("cdk-nag stops what nobody has given a reason for", () => {
  const app = new App();
  new Bucket(new Stack(app, "stack"), "bucket");
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  expect(() => app.synth()).toThrow("AwsSolutions-S1");
});

it("the same parameters give the same templates", () => {
  const again = synthesised(infraConfig());
  expect(again.network.toJSON()).toEqual(plain.network.toJSON());
  expect(again.milvus.toJSON()).toEqual(plain.milvus.toJSON());
});

describe("network", () => {
  const zonesOf = ({ network }: Stacks) =>
    [
      ...new Set(properties(network, "AWS::EC2::Subnet").map(({ AvailabilityZone }) => AvailabilityZone)),
    ].toSorted();
  const endpointsOf = ({ network }: Stacks) =>
    properties(network, "AWS::EC2::VPCEndpoint").map(({ ServiceName }) =>
      typeof ServiceName === "string" ? ServiceName.split(".").at(-1) : "s3",
    );

  it("has named zones, and NAT for all or for each", () => {
    expect(zonesOf(plain)).toEqual(["us-east-1a", "us-east-1b"]);
    plain.network.resourceCountIs("AWS::EC2::NatGateway", 1);
    expect(zonesOf(other)).toEqual(["us-east-1a", "us-east-1c", "us-east-1d"]);
    other.network.resourceCountIs("AWS::EC2::NatGateway", 3);
  });

  it("reaches S3 and SQS without NAT always, the rest by parameter", () => {
    expect(endpointsOf(plain).toSorted()).toEqual(["s3", "sqs"]);
    expect(endpointsOf(other)).toEqual(
      expect.arrayContaining(["s3", "sqs", "api", "sts", "secretsmanager", "ssm"]),
    );
  });

  it("publishes what the functions' stack reads, and nothing else", () => {
    const names = [plain.network, plain.milvus].flatMap((template) =>
      // The CDK has one too, without a name: kubectl waits for it.
      properties(template, "AWS::SSM::Parameter").flatMap(({ Name }) => Name ?? []),
    );
    expect(names.toSorted()).toEqual(infraParameters.map((name) => `/kettle/prod/${name}`).toSorted());
  });
});

describe("who may speak to Milvus", () => {
  const group = (description: string) => {
    const [id] = Object.keys(
      plain.network.findResources("AWS::EC2::SecurityGroup", {
        Properties: { GroupDescription: description },
      }),
    );
    return { "Fn::GetAtt": [id, "GroupId"] };
  };

  it("functions, at the load balancer's one port", () => {
    const rules = properties(plain.network, "AWS::EC2::SecurityGroupIngress");
    expect(rules).toMatchObject([
      {
        FromPort: 19_530,
        ToPort: 19_530,
        GroupId: group("Load balancer of Milvus"),
        SourceSecurityGroupId: group("Functions of Kettle"),
      },
    ]);
  });

  it("the load balancer, at the pods' same port, and it is inside the network", () => {
    plain.milvus.hasResourceProperties("AWS::EC2::SecurityGroupIngress", {
      FromPort: 19_530,
      ToPort: 19_530,
    });
    plain.milvus.hasResourceProperties("AWS::ElasticLoadBalancingV2::LoadBalancer", {
      Scheme: "internal",
      Type: "network",
    });
    const [binding] = kinds(plain, "TargetGroupBinding");
    expect(binding?.spec).toMatchObject({ targetType: "ip", serviceRef: { name: "milvus", port: 19_530 } });
  });

  it("nobody may start a connection to a function, and functions go nowhere but to Milvus and to AWS by TLS", () => {
    const [functions] = properties(plain.network, "AWS::EC2::SecurityGroup").filter(
      ({ GroupDescription }) => GroupDescription === "Functions of Kettle",
    );
    expect(functions).not.toHaveProperty("SecurityGroupIngress");
    expect(functions?.SecurityGroupEgress).toMatchObject([{ FromPort: 443, ToPort: 443, IpProtocol: "tcp" }]);
    const ports = properties(plain.network, "AWS::EC2::SecurityGroupEgress").map(({ FromPort }) => FromPort);
    expect(new Set(ports)).toEqual(new Set([19_530]));
  });

  it("the Kubernetes API is inside the network unless networks are named", () => {
    plain.milvus.hasResourceProperties("AWS::EKS::Cluster", {
      ResourcesVpcConfig: { EndpointPrivateAccess: true, EndpointPublicAccess: false },
    });
    other.milvus.hasResourceProperties("AWS::EKS::Cluster", {
      ResourcesVpcConfig: { EndpointPublicAccess: true, PublicAccessCidrs: ["198.51.100.0/24"] },
    });
  });
});

describe("nodes", () => {
  it("with a GPU there is a group of its own, tainted, one node for each pod that needs one", () => {
    plain.milvus.hasResourceProperties("AWS::EKS::Nodegroup", {
      AmiType: "AL2023_x86_64_NVIDIA",
      InstanceTypes: ["g6.2xlarge", "g5.2xlarge"],
      Taints: [{ Key: "nvidia.com/gpu", Value: "present", Effect: "NO_SCHEDULE" }],
      ScalingConfig: { DesiredSize: 3, MinSize: 3, MaxSize: 4 },
    });
    expect(charts(plain)).toContain("nvidia-device-plugin");
  });

  it("without a GPU there is neither group nor device plugin", () => {
    const types = properties(other.milvus, "AWS::EKS::Nodegroup").map(({ AmiType }) => AmiType);
    expect(types).toEqual(["AL2023_x86_64_STANDARD"]);
    expect(charts(other)).not.toContain("nvidia-device-plugin");
  });

  it("pods cannot borrow a node's role, and disks are encrypted", () => {
    plain.milvus.resourceCountIs("AWS::EC2::LaunchTemplate", 2);
    plain.milvus.allResourcesProperties("AWS::EC2::LaunchTemplate", {
      LaunchTemplateData: Match.objectLike({
        MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 1 },
        BlockDeviceMappings: [Match.objectLike({ Ebs: Match.objectLike({ Encrypted: true }) })],
      }),
    });
  });
});

describe("Milvus", () => {
  const milvusChart = ({ milvus }: Stacks) => chartsOf(milvus).find(({ chart }) => chart === "milvus");

  it("comes by a pinned chart and is not waited for", () => {
    expect(milvusChart(plain)).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      namespace: "milvus",
    });
    plain.milvus.hasResourceProperties("Custom::AWSCDK-EKS-HelmChart", {
      Chart: "milvus",
      Wait: Match.absent(),
    });
  });

  it("its root password is generated, and neither it nor a key is in values or objects", () => {
    plain.milvus.hasResourceProperties("AWS::SecretsManager::Secret", {
      Name: "kettle/prod/milvus",
      GenerateSecretString: Match.objectLike({ GenerateStringKey: "password", PasswordLength: 40 }),
    });
    const handedOn = JSON.stringify([
      properties(plain.milvus, "Custom::AWSCDK-EKS-HelmChart"),
      properties(plain.milvus, "Custom::AWSCDK-EKS-KubernetesResource"),
    ]);
    expect(handedOn).not.toMatch(/resolve:secretsmanager|BEGIN|minioadmin/);
  });

  it("its pods, and no others, have its bucket, by their identity", () => {
    const accounts = properties(plain.milvus, "AWS::EKS::PodIdentityAssociation").map(
      ({ Namespace, ServiceAccount }) => `${Namespace}/${ServiceAccount}`,
    );
    expect(accounts.toSorted()).toEqual([
      "kube-system/aws-load-balancer-controller",
      "milvus/milvus",
      "milvus/secret-sync",
    ]);
    plain.milvus.hasResourceProperties("AWS::EKS::Addon", { AddonName: "eks-pod-identity-agent" });
    plain.milvus.hasResourceProperties("AWS::EKS::Addon", {
      AddonName: "aws-ebs-csi-driver",
      PodIdentityAssociations: [Match.objectLike({ ServiceAccount: "ebs-csi-controller-sa" })],
    });
  });

  it("its certificate is for the load balancer's own name", () => {
    plain.milvus.hasResourceProperties("Custom::MilvusCertificate", {
      Names: Match.arrayWith([{ "Fn::GetAtt": [Match.anyValue(), "DNSName"] }, "localhost"]),
    });
  });

  it("its data outlives the stacks unless it is not to", () => {
    const policies = (stacks: Stacks) =>
      Object.values(stacks.milvus.findResources("AWS::S3::Bucket")).map(
        ({ DeletionPolicy }) => DeletionPolicy,
      );
    const reclaim = (stacks: Stacks) =>
      kinds(stacks, "StorageClass").map(({ reclaimPolicy }) => reclaimPolicy);
    expect([...policies(plain), ...reclaim(plain)]).toEqual(["Retain", "Retain"]);
    expect([...policies(other), ...reclaim(other)]).toEqual(["Delete", "Delete"]);
  });
});

it("monitoring is there by parameter, with a generated password and Grafana's own view of CloudWatch", () => {
  expect(kinds(plain, "DaemonSet")).toEqual([]);
  expect(kinds(other, "DaemonSet").map(({ metadata }) => metadata.name)).toEqual(["alloy"]);
  other.milvus.hasResourceProperties("AWS::SecretsManager::Secret", { Name: "kettle/prod/grafana" });
  other.milvus.hasResourceProperties("AWS::EKS::PodIdentityAssociation", {
    Namespace: "monitoring",
    ServiceAccount: "grafana",
  });
});
