import { HelmChart, type ICluster } from "aws-cdk-lib/aws-eks-v2";
import { Construct } from "constructs";
import { gpuPluginChart, gpuPluginValues } from "../charts/gpu-plugin.ts";

/** NVIDIA's device plugin on the GPU nodes. */
export class GpuPlugin extends Construct {
  constructor(scope: Construct, id: string, cluster: ICluster) {
    super(scope, id);
    new HelmChart(this, "Chart", {
      cluster,
      ...gpuPluginChart,
      release: gpuPluginChart.chart,
      values: gpuPluginValues(),
    });
  }
}
