import { RemovalPolicy } from "aws-cdk-lib";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import type { Config } from "../../lib/config/schema.ts";
import { acknowledge } from "../acknowledge.ts";

/** The root login of Milvus: a password that nobody has seen, within the rules of `kettle users`. */
export class MilvusLogin extends Construct {
  readonly secret: Secret;

  constructor(scope: Construct, id: string, config: Config) {
    super(scope, id);
    this.secret = new Secret(this, "Secret", {
      secretName: config.store.tokenSecret ?? `kettle/${config.stage}/milvus`,
      description: "root of Milvus, as {username, password}",
      // Opens nothing once its cluster is gone, and its name is wanted again by the next one.
      removalPolicy: RemovalPolicy.DESTROY,
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username: "root" }),
        generateStringKey: "password",
        passwordLength: 40,
        requireEachIncludedType: true,
        // Safe in shells, URLs and `user:password`.
        excludeCharacters: "\"'`\\/@:;$&|<>(){}[]*?#%~^=, ",
      },
    });
    acknowledge(
      this.secret,
      "SMG4",
      "Milvus changes a password by a call of its own: `kettle users password root`, then the secret; docs/security.md",
    );
  }
}
