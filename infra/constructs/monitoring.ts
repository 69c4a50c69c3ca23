import { RemovalPolicy } from "aws-cdk-lib";
import { type ICluster, KubernetesManifest } from "aws-cdk-lib/aws-eks-v2";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import type { Config } from "../../lib/config/schema.ts";
import { acknowledge } from "../acknowledge.ts";
import { type KubernetesObject, monitoringManifests } from "../monitoring/manifests.ts";
import { PodIdentity } from "./pod-identity.ts";
import { SecretSync } from "./secret-sync.ts";

const namespace = "monitoring";

/** The objects of infra/monitoring/base, with Grafana's password from Secrets Manager and its view of CloudWatch. */
export class Monitoring extends Construct {
  constructor(scope: Construct, id: string, { config, cluster }: { config: Config; cluster: ICluster }) {
    super(scope, id);
    const [namespaceObject, ...objects] = monitoringManifests();
    const apply = (name: string, manifest: readonly (KubernetesObject | undefined)[]) =>
      new KubernetesManifest(this, name, {
        cluster,
        manifest: manifest.filter((object) => object !== undefined),
      });
    const first = apply("Namespace", [namespaceObject]);
    const password = this.addPassword(config, cluster);
    password.node.addDependency(first);
    const identity = this.addIdentity(cluster);
    apply("Objects", objects).node.addDependency(first, password, identity);
  }

  private addPassword(config: Config, cluster: ICluster): SecretSync {
    const secret = new Secret(this, "GrafanaAdmin", {
      secretName: `kettle/${config.stage}/grafana`,
      description: "admin of Grafana, as {username, password}",
      removalPolicy: RemovalPolicy.DESTROY,
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username: "admin" }),
        generateStringKey: "password",
        passwordLength: 40,
        excludePunctuation: true,
      },
    });
    acknowledge(secret, "SMG4", "Grafana keeps its password in its own volume once it has started");
    return new SecretSync(this, "SecretSync", {
      cluster,
      namespace,
      secrets: [{ name: "grafana-admin", type: "Opaque", arn: secret.secretArn }],
      generation: "1",
    });
  }

  private addIdentity(cluster: ICluster): PodIdentity {
    const identity = new PodIdentity(this, "GrafanaIdentity", {
      cluster,
      namespace,
      serviceAccount: "grafana",
      statements: [
        new PolicyStatement({
          actions: ["cloudwatch:GetMetricData", "cloudwatch:ListMetrics"],
          resources: ["*"],
        }),
      ],
    });
    acknowledge(identity, "IAM5[Resource::*]", "actions that only read and that IAM binds to no resource");
    return identity;
  }
}
