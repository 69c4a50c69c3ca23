import { createHash } from "node:crypto";
import type { Manifest } from "./manifest.ts";
import { cpuNodeLabels } from "./node-groups.ts";

/**
 * Copies secrets from Secrets Manager into Kubernetes Secrets: a Job that reads two named secrets by its pod's identity
 * and applies them, once a deployment. Milvus takes the root password when its metadata is new and reads its
 * certificate when a proxy starts, so there is nothing for a controller to watch afterwards, and nothing stays in the
 * cluster that may read Secrets Manager.
 */
export const secretSync = {
  serviceAccount: "secret-sync",
  /** Reads; has bash. */
  awsCli: "public.ecr.aws/aws-cli/aws-cli:2.32.6",
  /** Writes; has no shell. */
  kubectl: "registry.k8s.io/kubectl:v1.36.0",
} as const;

export type SyncedSecret = {
  /** Name in Kubernetes. */
  readonly name: string;
  readonly type: "Opaque" | "kubernetes.io/tls";
  /** In Secrets Manager; its value is a JSON object of strings, which become the keys of the Secret. */
  readonly arn: string;
};

/**
 * Reads `NAME TYPE ARN` lines and writes a manifest for each. The secret's JSON is the manifest's `stringData` as it
 * is: no value is ever an argument of a process or printed.
 */
export const syncScript = [
  "set -euo pipefail",
  "umask 077",
  "while read -r name type arn; do",
  '  value=$(aws secretsmanager get-secret-value --secret-id "$arn" --query SecretString --output text)',
  `  printf '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"%s","namespace":"%s"},"type":"%s","stringData":%s}' \\`,
  '    "$name" "$NAMESPACE" "$type" "$value" > "$MANIFESTS/$name.json"',
  'done <<< "$SECRETS"',
].join("\n");

const folder = "/manifests";
const labels = { app: secretSync.serviceAccount };

const account = (namespace: string): Manifest => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name: secretSync.serviceAccount, namespace },
});

/** `create` cannot be bound to a name; the rest is. */
const role = (namespace: string, secrets: readonly SyncedSecret[]): Manifest => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "Role",
  metadata: { name: secretSync.serviceAccount, namespace },
  rules: [
    { apiGroups: [""], resources: ["secrets"], verbs: ["create"] },
    {
      apiGroups: [""],
      resources: ["secrets"],
      resourceNames: secrets.map(({ name }) => name),
      verbs: ["get", "patch"],
    },
  ],
});

const binding = (namespace: string): Manifest => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "RoleBinding",
  metadata: { name: secretSync.serviceAccount, namespace },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: secretSync.serviceAccount },
  subjects: [{ kind: "ServiceAccount", name: secretSync.serviceAccount, namespace }],
});

/** For namespaces that let nothing out: services of AWS and of Kubernetes, and the agent that gives the pod's identity. */
const egress = (namespace: string): Manifest => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: secretSync.serviceAccount, namespace },
  spec: {
    podSelector: { matchLabels: labels },
    policyTypes: ["Egress"],
    egress: [
      { ports: [{ protocol: "TCP", port: 443 }] },
      {
        ports: [
          { protocol: "UDP", port: 53 },
          { protocol: "TCP", port: 53 },
        ],
      },
      {
        to: [{ ipBlock: { cidr: "169.254.170.23/32" } }],
        ports: [{ protocol: "TCP", port: 80 }],
      },
    ],
  },
});

const locked = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};
const resources = {
  requests: { cpu: "100m", memory: "128Mi" },
  limits: { memory: "256Mi" },
};
const mount = { name: "manifests", mountPath: folder };

const podSpec = (secrets: readonly SyncedSecret[], { region, namespace }: SecretSyncPlace) => ({
  serviceAccountName: secretSync.serviceAccount,
  restartPolicy: "OnFailure",
  nodeSelector: cpuNodeLabels,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65_532,
    runAsGroup: 65_532,
    fsGroup: 65_532,
    seccompProfile: { type: "RuntimeDefault" },
  },
  initContainers: [
    {
      name: "read",
      image: secretSync.awsCli,
      command: ["/bin/bash", "-c", syncScript],
      env: [
        { name: "AWS_REGION", value: region },
        { name: "HOME", value: folder },
        { name: "NAMESPACE", value: namespace },
        { name: "MANIFESTS", value: folder },
        { name: "SECRETS", value: secrets.map(({ name, type, arn }) => `${name} ${type} ${arn}`).join("\n") },
      ],
      resources,
      securityContext: locked,
      volumeMounts: [mount],
    },
  ],
  containers: [
    {
      name: "apply",
      image: secretSync.kubectl,
      // Server-side: no copy of the secret in an annotation.
      command: ["kubectl", "apply", "--server-side", "--field-manager=kettle", `--filename=${folder}`],
      env: [{ name: "HOME", value: folder }],
      resources,
      securityContext: locked,
      volumeMounts: [mount],
    },
  ],
  // In memory: never on the node's disk.
  volumes: [{ name: "manifests", emptyDir: { medium: "Memory", sizeLimit: "16Mi" } }],
});

export type SecretSyncPlace = { readonly region: string; readonly namespace: string };

/**
 * @param generation whatever changes when the secrets must be read again, as a part of a name: a Job cannot be changed,
 *   so it gets another one
 */
export const secretSyncManifests = (
  secrets: readonly SyncedSecret[],
  { generation, ...place }: SecretSyncPlace & { readonly generation: string },
): Manifest[] => {
  const { namespace } = place;
  const spec = {
    backoffLimit: 10,
    template: { metadata: { labels }, spec: podSpec(secrets, place) },
  };
  // ARNs are only known when it is deployed: they cannot be part of the name.
  const named = secrets.map(({ name, type }) => [name, type]);
  const digest = createHash("sha256")
    .update(JSON.stringify([named, secretSync, syncScript]))
    .digest("hex")
    .slice(0, 8);
  return [
    account(namespace),
    role(namespace, secrets),
    binding(namespace),
    egress(namespace),
    {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: `secret-sync-${digest}-${generation}`, namespace },
      spec,
    },
  ];
};
