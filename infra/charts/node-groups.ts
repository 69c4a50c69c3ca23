/** GPU nodes are for pods that ask for a GPU: the taint keeps all others away. */
export const gpuTaint = { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" } as const;
export const gpuNodeLabels = { "kettle/pool": "gpu" } as const;
export const cpuNodeLabels = { "kettle/pool": "cpu" } as const;
