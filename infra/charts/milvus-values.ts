import { stringify } from "yaml";
import { infraPlan } from "../../lib/config/infra.ts";
import type { Config } from "../../lib/config/schema.ts";
import { milvusVersion } from "../../packaging/versions.ts";
import { milvusNames } from "./milvus-names.ts";
import { gpuNodeLabels, gpuTaint } from "./node-groups.ts";
import { storageClassName } from "./storage-class.ts";

/** The chart of the 2.6 line; the image's tag below goes before the one that it was released with. */
export const milvusChart = {
  repository: "https://zilliztech.github.io/milvus-helm",
  chart: "milvus",
  version: "5.0.19",
} as const;

/** Images with `-gpu` are built with CUDA, for x86-64 only; they also run on nodes without a GPU. */
const imageTag = (gpu: boolean): string => `v${milvusVersion}${gpu ? "-gpu" : ""}`;

type Resources = { readonly [kind: string]: string | number };

const requests = (
  cpu: number,
  memoryGiB: number,
): { readonly requests: Resources; readonly limits: Resources } => ({
  requests: { cpu: String(cpu), memory: `${memoryGiB}Gi` },
  // Memory is not shared out beyond what a node has: the kernel would kill a pod, and its segments move.
  limits: { memory: `${memoryGiB}Gi` },
});

/** A GPU is given whole, and only by its limit (Kubernetes, "Schedule GPUs"). */
const onGpu = (cpu: number, memoryGiB: number) => {
  const plain = requests(cpu, memoryGiB);
  return {
    resources: { requests: plain.requests, limits: { ...plain.limits, "nvidia.com/gpu": 1 } },
    nodeSelector: gpuNodeLabels,
    tolerations: [{ key: gpuTaint.key, operator: "Exists", effect: gpuTaint.effect }],
  };
};

const onCpu = (cpu: number, memoryGiB: number) => ({ resources: requests(cpu, memoryGiB) });

const place = (gpu: boolean) => (gpu ? onGpu : onCpu);

/** Pods of one component in different zones where there is room. */
const spread = (component: string) => [
  {
    maxSkew: 1,
    topologyKey: "topology.kubernetes.io/zone",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: { "app.kubernetes.io/name": "milvus", component } },
  },
];

/** What goes before Milvus's own configuration (milvus.yaml of 2.6). */
const userYaml = (config: Config): string => {
  const { maxMemory, initialMemory } = gpuPool(config);
  return stringify({
    common: {
      security: { authorizationEnabled: true, superUsers: "root", tlsMode: 1 },
    },
    tls: {
      serverPemPath: `${milvusNames.certificateFolder}/tls.crt`,
      serverKeyPath: `${milvusNames.certificateFolder}/tls.key`,
    },
    ...(infraPlan(config).gpu ? { gpu: { initMemSize: initialMemory, maxMemSize: maxMemory } } : {}),
  });
};

/** MiB; the pool starts at half and grows. */
const gpuPool = ({ infra }: Config) => ({
  initialMemory: Math.floor(infra.milvus.gpuMemoryMiB / 2),
  maxMemory: infra.milvus.gpuMemoryMiB,
});

const rootPassword = [
  {
    name: "COMMON_SECURITY_DEFAULTROOTPASSWORD",
    valueFrom: { secretKeyRef: { name: milvusNames.rootSecret, key: "password" } },
  },
];

/** Components that need no GPU, with what each does not run without. */
const steadyComponents = ({ infra: { milvus } }: Config, certificate: string) => ({
  mixCoordinator: { replicas: 2, activeStandby: { enabled: true }, extraEnv: rootPassword, ...onCpu(1, 2) },
  proxy: {
    replicas: milvus.proxies,
    ...onCpu(1, 2),
    topologySpreadConstraints: spread("proxy"),
    // A proxy reads its certificate when it starts.
    annotations: { "kettle/certificate": certificate },
    tls: { enabled: true, secretName: milvusNames.tlsSecret },
    volumes: [{ name: "certificate", secret: { secretName: milvusNames.tlsSecret } }],
    volumeMounts: [{ name: "certificate", mountPath: milvusNames.certificateFolder, readOnly: true }],
  },
  streamingNode: { replicas: milvus.streamingNodes, ...onCpu(1, 4) },
  etcd: {
    replicaCount: 3,
    persistence: { enabled: true, storageClass: storageClassName, size: "10Gi" },
    ...onCpu(0.5, 1),
  },
});

/** Woodpecker, inside the streaming nodes, keeps the log in the bucket: no Pulsar, no Kafka, no MinIO. */
const storage = (region: string, bucketName: string) => ({
  pulsarv3: { enabled: false },
  woodpecker: { enabled: true },
  streaming: { enabled: true, woodpecker: { embedded: true, storage: { type: "minio" } } },
  minio: { enabled: false },
  externalS3: {
    enabled: true,
    host: `s3.${region}.amazonaws.com`,
    port: "443",
    useSSL: true,
    useVirtualHost: true,
    bucketName,
    rootPath: "milvus",
    // Credentials come from the pod's identity: no key is kept anywhere. Query nodes read S3 by the AWS SDK for C++, which
    // needs 1.11.263 for that; Milvus 2.6 has 1.11.352, 2.5 an older one (milvus-io/milvus#42547).
    useIAM: true,
    cloudProvider: "aws",
    region,
  },
});

export type MilvusSurroundings = {
  /** Milvus's own bucket. */
  readonly bucketName: string;
  /** Anything that is another with another certificate. */
  readonly certificate: string;
};

/**
 * Values of the Milvus chart for the parameters of one stage. Nothing secret is among them: the root password and the
 * certificate are in Kubernetes Secrets that `secret-sync.ts` fills.
 */
export const milvusValues = (config: Config, { bucketName, certificate }: MilvusSurroundings) => {
  const { gpu, queryNodes, queryNodesOnGpu } = infraPlan(config);
  const { milvus } = config.infra;
  return {
    fullnameOverride: milvusNames.release,
    cluster: { enabled: true },
    image: { all: { repository: "milvusdb/milvus", tag: imageTag(gpu), pullPolicy: "IfNotPresent" } },
    serviceAccount: { create: true, name: milvusNames.serviceAccount },
    // The load balancer is made beside it: its address is known before the chart is there, and outlives it.
    service: { type: "ClusterIP", port: milvusNames.port },
    log: { level: "info", format: "text" },
    extraConfigFiles: { "user.yaml": userYaml(config) },
    ...storage(config.aws.region, bucketName),
    ...steadyComponents(config, certificate),
    queryNode: {
      replicas: queryNodes,
      ...place(queryNodesOnGpu)(milvus.queryNodeCpu, milvus.queryNodeMemoryGiB),
      topologySpreadConstraints: spread("querynode"),
    },
    // Since 2.6 data nodes build the indexes; a GPU index is built on a GPU.
    dataNode: { replicas: milvus.dataNodes, ...place(gpu)(2, 8) },
  };
};
