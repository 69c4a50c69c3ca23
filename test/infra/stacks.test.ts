import { Match, type Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, it } from "vitest";
import { cpuConfig, infraConfig } from "./config.ts";
import { chartsOf, manifestsOf, synthesised } from "./synthesised.ts";

let gpu: { network: Template; milvus: Template };
let cpu: { network: Template; milvus: Template };
beforeAll(() => {
  gpu = synthesised(infraConfig());
  cpu = synthesised(cpuConfig());
});

const nodeGroups = (template: Template) =>
  Object.values(template.findResources("AWS::EKS::Nodegroup")).map(({ Properties }) => Properties);

describe("nodes", () => {
  it("with a GPU there is a group of its own, tainted, one node for each pod that needs one", () => {
    gpu.milvus.hasResourceProperties("AWS::EKS::Nodegroup", {
      AmiType: "AL2023_x86_64_NVIDIA",
      InstanceTypes: ["g6.2xlarge", "g5.2xlarge"],
      Taints: [{ Key: "nvidia.com/gpu", Value: "present", Effect: "NO_SCHEDULE" }],
      ScalingConfig: { DesiredSize: 3, MinSize: 3, MaxSize: 4 },
    });
    expect(chartsOf(gpu.milvus).map(({ chart }) => chart)).toContain("nvidia-device-plugin");
  });

  it("without a GPU there is neither group nor device plugin", () => {
    expect(nodeGroups(cpu.milvus).map(({ AmiType }) => AmiType)).toEqual(["AL2023_x86_64_STANDARD"]);
    expect(chartsOf(cpu.milvus).map(({ chart }) => chart)).not.toContain("nvidia-device-plugin");
  });

  it("pods cannot borrow a node's role, and disks are encrypted", () => {
    gpu.milvus.resourceCountIs("AWS::EC2::LaunchTemplate", 2);
    gpu.milvus.allResourcesProperties("AWS::EC2::LaunchTemplate", {
      LaunchTemplateData: Match.objectLike({
        MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 1 },
        BlockDeviceMappings: [Match.objectLike({ Ebs: Match.objectLike({ Encrypted: true }) })],
      }),
    });
  });
});

it("each value that is unknown before it is deployed stands in a manifest as a reference", () => {
  const binding = manifestsOf(gpu.milvus).find(({ kind }) => kind === "TargetGroupBinding");
  expect(binding?.spec).toMatchObject({ targetGroupARN: "deployed", targetType: "ip" });
});
