import { Stack } from "aws-cdk-lib";
import { type ICluster, KubernetesManifest } from "aws-cdk-lib/aws-eks-v2";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { type SyncedSecret, secretSync, secretSyncManifests } from "../charts/secret-sync.ts";
import { PodIdentity } from "./pod-identity.ts";

export type SecretSyncProps = {
  readonly cluster: ICluster;
  readonly namespace: string;
  readonly secrets: readonly SyncedSecret[];
  readonly generation: string;
};

/** Copies the named secrets into a namespace; see charts/secret-sync.ts. */
export class SecretSync extends Construct {
  constructor(scope: Construct, id: string, { cluster, namespace, secrets, generation }: SecretSyncProps) {
    super(scope, id);
    const identity = new PodIdentity(this, "Identity", {
      cluster,
      namespace,
      serviceAccount: secretSync.serviceAccount,
      statements: [
        new PolicyStatement({
          actions: ["secretsmanager:GetSecretValue"],
          resources: secrets.map(({ arn }) => arn),
        }),
      ],
    });
    const manifest = new KubernetesManifest(this, "Manifests", {
      cluster,
      manifest: secretSyncManifests(secrets, {
        region: Stack.of(this).region,
        namespace,
        generation,
      }),
    });
    manifest.node.addDependency(identity);
  }
}
