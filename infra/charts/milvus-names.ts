/** Names that values, manifests and constructs share. */
export const milvusNames = {
  namespace: "milvus",
  release: "milvus",
  serviceAccount: "milvus",
  /** The chart's service has the release's name. */
  service: "milvus",
  port: 19_530,
  /** Kubernetes Secrets, filled from Secrets Manager by secret-sync.ts. */
  rootSecret: "milvus-root",
  tlsSecret: "milvus-tls",
  certificateFolder: "/etc/milvus/certificate",
} as const;
