import { CustomResource, Duration, RemovalPolicy } from "aws-cdk-lib";
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Code, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { CfnSecret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import type { Config } from "../../lib/config/schema.ts";
import { acknowledge } from "../acknowledge.ts";
import { withBundledHandler } from "../certificate/bundle.ts";
import { milvusNames } from "../charts/milvus-names.ts";

const { namespace, service } = milvusNames;

/** Names that Milvus has inside the cluster, and at the end of `kubectl port-forward`. */
const innerNames = [service, `${service}.${namespace}`, `${service}.${namespace}.svc`, "localhost"];

/**
 * The certificate of Milvus, signed by an authority of this stage's own. Private keys are made by a function and go
 * from there to Secrets Manager alone; the authority's certificate is all that functions need to trust the server.
 */
export class MilvusCertificate extends Construct {
  /** Holds `tls.crt` and `tls.key`. */
  readonly serverSecretArn: string;
  /** PEM of the authority. */
  readonly ca: string;
  /** Another one with each certificate. */
  readonly serial: string;

  constructor(scope: Construct, id: string, props: { readonly config: Config; readonly host: string }) {
    super(scope, id);
    const { config, host } = props;
    const authority = this.addSecret("Authority", config, "authority of Milvus's certificate");
    const server = this.addSecret("Server", config, "Milvus's certificate, as {tls.crt, tls.key}");
    const handler = this.addHandler(authority, server);
    const certificate = new CustomResource(this, "Certificate", {
      resourceType: "Custom::MilvusCertificate",
      serviceToken: handler.functionArn,
      serviceTimeout: Duration.minutes(5),
      properties: {
        AuthoritySecret: authority,
        ServerSecret: server,
        AuthorityName: `${config.name} ${config.stage} Milvus`,
        Names: [host, ...innerNames],
        Generation: String(config.infra.milvus.certificateGeneration),
      },
    });
    this.serverSecretArn = server;
    this.ca = certificate.getAttString("Ca");
    this.serial = certificate.getAttString("Serial");
  }

  /** Without a value: the function writes the first one. */
  private addSecret(id: string, config: Config, description: string): string {
    const secret = new CfnSecret(this, id, {
      name: `kettle/${config.stage}/milvus-tls-${id.toLowerCase()}`,
      description,
    });
    acknowledge(
      secret,
      "SMG4",
      "valid for ten years; infra.milvus.certificateGeneration renews it with a deployment",
    );
    return secret.ref;
  }

  private addHandler(authority: string, server: string): LambdaFunction {
    const logGroup = new LogGroup(this, "Logs", { retention: 30, removalPolicy: RemovalPolicy.DESTROY });
    const role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      inlinePolicies: {
        secrets: new PolicyDocument({
          statements: [
            new PolicyStatement({ actions: ["secretsmanager:GetSecretValue"], resources: [authority] }),
            new PolicyStatement({
              actions: ["secretsmanager:PutSecretValue"],
              resources: [authority, server],
            }),
          ],
        }),
      },
    });
    logGroup.grantWrite(role);
    return withBundledHandler(
      (folder) =>
        new LambdaFunction(this, "Handler", {
          description: "Issues Milvus's certificate",
          runtime: Runtime.NODEJS_24_X,
          architecture: Architecture.ARM_64,
          handler: "index.handler",
          code: Code.fromAsset(folder),
          timeout: Duration.minutes(1),
          memorySize: 256,
          role,
          logGroup,
        }),
    );
  }
}
