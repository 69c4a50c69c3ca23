import { type ICluster, KubernetesManifest } from "aws-cdk-lib/aws-eks-v2";
import { Construct } from "constructs";
import type { Manifest } from "../charts/manifest.ts";
import { milvusNames } from "../charts/milvus-names.ts";

export const milvusNamespace: Manifest = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: milvusNames.namespace },
};

/** Made by itself, since more than one thing goes into it. */
export class Namespace extends Construct {
  constructor(scope: Construct, id: string, cluster: ICluster) {
    super(scope, id);
    new KubernetesManifest(this, "Manifest", { cluster, manifest: [milvusNamespace] });
  }
}
