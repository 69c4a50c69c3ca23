import { App, type AppProps, Tags, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import type { Config } from "../lib/config/schema.ts";
import { AppError } from "../lib/errors.ts";
import { MilvusStack } from "./stacks/milvus-stack.ts";
import { NetworkStack } from "./stacks/network-stack.ts";

/** Feature flags of the CDK, set for tests and command line alike. */
const flags = {
  // A network that Milvus still uses cannot be taken away from under it.
  "@aws-cdk/core:defaultCrossStackReferences": "strong",
  "@aws-cdk/aws-iam:minimizePolicies": true,
};

/**
 * The stacks of one stage, checked by cdk-nag when they are synthesised.
 * @throws AppError `CONFIG_INVALID` for a stage that has no infrastructure of its own
 */
export const infraApp = (config: Config, props: AppProps = {}): App => {
  if (!config.infra.enabled)
    throw new AppError(
      "CONFIG_INVALID",
      `stage ${config.stage} has no infrastructure of its own: its store is ${config.store.address ?? config.store.driver}. Set infra.enabled: true to deploy Milvus for it`,
    );
  const app = new App({ ...props, context: { ...flags, ...props.context } });
  // No account: the same templates for everyone, and nothing is looked up.
  const env = { region: config.aws.region };
  const id = (part: string) => `${config.name}-${config.stage}-${part}`;
  const network = new NetworkStack(app, id("network"), { config, env });
  new MilvusStack(app, id("milvus"), { config, env, network });
  Tags.of(app).add("service", config.name);
  Tags.of(app).add("stage", config.stage);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
};
