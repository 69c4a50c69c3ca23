import { gpuNodeLabels, gpuTaint } from "./node-groups.ts";

/** Tells Kubernetes of the GPUs of a node. */
export const gpuPluginChart = {
  repository: "https://nvidia.github.io/k8s-device-plugin",
  chart: "nvidia-device-plugin",
  version: "0.17.4",
  namespace: "kube-system",
} as const;

export const gpuPluginValues = () => ({
  nodeSelector: gpuNodeLabels,
  tolerations: [{ key: gpuTaint.key, operator: "Exists", effect: gpuTaint.effect }],
  // The chart's own rule wants labels of a feature discovery that is not installed; the node selector says it all.
  affinity: null,
});
