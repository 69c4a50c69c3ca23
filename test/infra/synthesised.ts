import { Template } from "aws-cdk-lib/assertions";
import { infraApp } from "../../infra/infra-app.ts";
import type { Config } from "../../lib/config/schema.ts";

export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  // biome-ignore lint/suspicious/noExplicitAny: a Kubernetes object is asserted on by its shape
  readonly [key: string]: any;
};

/**
 * The templates of a stage.
 * @throws Error with what cdk-nag and the CDK's own checks of templates find
 */
export const synthesised = (config: Config): { network: Template; milvus: Template } => {
  const app = infraApp(config);
  const stack = (part: string) => app.node.findChild(`kettle-prod-${part}`) as never;
  return { network: Template.fromStack(stack("network")), milvus: Template.fromStack(stack("milvus")) };
};

/** What stands in for a value that is only known when it is deployed. */
const placeholder = "deployed";

/** JSON that the CDK hands to kubectl or helm, with placeholders for `Fn::Join` of references. */
const parsed = (value: unknown): unknown => {
  if (typeof value === "string") return JSON.parse(value);
  const [separator, parts] = (value as { "Fn::Join": [string, unknown[]] })["Fn::Join"];
  return JSON.parse(parts.map((part) => (typeof part === "string" ? part : placeholder)).join(separator));
};

const propertiesOf = (template: Template, type: string): readonly Record<string, unknown>[] =>
  Object.values(template.findResources(type)).map(({ Properties }) => Properties);

/** Kubernetes objects that a stack applies. */
export const manifestsOf = (template: Template): readonly Manifest[] =>
  propertiesOf(template, "Custom::AWSCDK-EKS-KubernetesResource").flatMap(
    ({ Manifest }) => parsed(Manifest) as Manifest[],
  );

/** Charts that a stack installs, with their values. */
export const chartsOf = (template: Template) =>
  propertiesOf(template, "Custom::AWSCDK-EKS-HelmChart").map(({ Chart, Version, Namespace, Values }) => ({
    chart: Chart,
    version: Version,
    namespace: Namespace,
    values: parsed(Values),
  }));
