import { join } from "node:path";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { Config } from "../../lib/config/schema.ts";
import { maxUnzippedBytes } from "../../packaging/bundle.ts";
import { dryRunVariable } from "../../packaging/dry-run.ts";
import { createApiClient } from "../api-client.ts";
import { smokeTest } from "../smoke-test.ts";
import { checkAws } from "./aws-checks.ts";
import { problemsOf } from "./check.ts";
import { type Deployment, heading, refuseProblems, root, tellChecks } from "./deployment.ts";
import { checkParameters } from "./parameter-checks.ts";
import { readFunctionsPlan, readInfraPlan, sizeLines, stackLines } from "./plan.ts";
import { runTool } from "./run-tool.ts";
import { findStack, stackName } from "./stack.ts";

export type Part = "infra" | "functions";

type Step = { readonly name: string; readonly run: () => Promise<void> };

const templates = (config: Config): string => join(root, ".build/cdk", config.stage);

const cdk = (deployment: Deployment, args: readonly string[], quiet = false): Promise<void> =>
  runTool({
    tool: "cdk",
    args: [...args, "--output", templates(deployment.config)],
    env: deployment.env,
    signal: deployment.signal,
    quiet,
  });

const osls = (
  deployment: Deployment,
  args: readonly string[],
  extra: { readonly quiet?: boolean; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<void> => {
  const { config, env, signal } = deployment;
  return runTool({
    tool: "osls",
    args: [...args, "--stage", config.stage],
    env: { ...env, ...extra.env },
    signal,
    quiet: extra.quiet ?? false,
  });
};

const tokenOf = async ({ aws, http }: Config): Promise<string | null> => {
  if (!http.auth || http.tokenSecret === null) return null;
  const client = new SecretsManagerClient({ region: aws.region });
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: http.tokenSecret }));
  return SecretString ?? null;
};

const smoke = async ({ config, progress, signal }: Deployment): Promise<void> => {
  const url = (await findStack(config))?.outputs.get("HttpApiUrl");
  if (url === undefined) throw new Error(`stack ${stackName(config)} has no output HttpApiUrl`);
  progress.line(`  the API is at ${url}`);
  await smokeTest({ api: createApiClient({ url, token: await tokenOf(config), signal }), progress, signal });
};

/** Whether this deployment brings the stage's own Milvus. @throws Error for `--only infra` where there is none */
const deploysInfra = ({ stage, infra }: Config, only: Part | undefined): boolean => {
  if (only === "infra" && !infra.enabled)
    throw new Error(`stage ${stage} has no infrastructure of its own (infra.enabled is false in kettle.yml)`);
  return infra.enabled && only !== "functions";
};

const stepsOf = (deployment: Deployment, only: Part | undefined): readonly Step[] => {
  const { config } = deployment;
  const infra = {
    name: "infrastructure (network, EKS, Milvus): 20 to 40 minutes the first time",
    run: () => cdk(deployment, ["deploy", "--all", "--require-approval", "never"]),
  };
  const functions = {
    name: "functions, buckets and queues: some minutes",
    run: () => osls(deployment, ["deploy"]),
  };
  const test = { name: "smoke test: one document through all of it", run: () => smoke(deployment) };
  return [...(deploysInfra(config, only) ? [infra] : []), ...(only === "infra" ? [] : [functions, test])];
};

/**
 * Deploys a stage: checks, infrastructure, functions, smoke test. Each step finds by itself what an earlier run has
 * done, so one that broke off is run again.
 * @throws Error that says what is wrong and what to do
 */
export const deploy = async (deployment: Deployment, only: Part | undefined): Promise<void> => {
  const { config } = deployment;
  const steps = stepsOf(deployment, only);
  heading(deployment, `1/${steps.length + 1} checks`);
  const local = checkParameters(config);
  tellChecks(deployment, local);
  refuseProblems(local);
  const remote = await checkAws(config, deploysInfra(config, only));
  tellChecks(deployment, remote);
  refuseProblems(remote);
  for (const [index, { name, run }] of steps.entries()) {
    heading(deployment, `${index + 2}/${steps.length + 1} ${name}`);
    await run();
  }
};

const planInfra = async (deployment: Deployment): Promise<void> => {
  heading(deployment, "Infrastructure that would be deployed");
  await cdk(deployment, ["synth", "--quiet"], true);
  for (const stack of readInfraPlan(templates(deployment.config)))
    for (const line of stackLines(stack)) deployment.progress.line(line);
};

const planFunctions = async (deployment: Deployment): Promise<void> => {
  const { config, progress } = deployment;
  heading(deployment, "Functions that would be deployed");
  progress.status("bundling …");
  await osls(deployment, ["package"], { quiet: true, env: { [dryRunVariable]: "1" } });
  progress.status("");
  const { stack, sizes } = readFunctionsPlan(root, stackName(config));
  for (const line of [...stackLines(stack), ...sizeLines(sizes, maxUnzippedBytes)]) progress.line(line);
};

/** What of the parameters decides about a deployment. */
const parameterLines = ({ aws, functions, queues, store, embedding }: Config): string[] => [
  `  region ${aws.region}, ${aws.architecture}; buckets ${aws.documentBucket}, ${aws.stateBucket}; queues ${aws.queuePrefix}-*`,
  `  store ${store.driver}, index ${store.index.type} on ${store.device}; model ${embedding.model}`,
  `  at most ${queues.maximumConcurrency} invocations a queue; memory ${JSON.stringify(functions.memory)}, kept started ${JSON.stringify(functions.provisioned)}, images ${JSON.stringify(functions.images)}`,
];

/**
 * Says what a deployment would do, without credentials: synthesises and bundles, and changes nothing.
 * @returns whether nothing speaks against it
 */
export const planDeployment = async (deployment: Deployment, only: Part | undefined): Promise<boolean> => {
  const { config, progress } = deployment;
  const steps = stepsOf(deployment, only);
  heading(deployment, "Checks");
  const local = checkParameters(config);
  tellChecks(deployment, local);
  heading(deployment, "Parameters");
  for (const line of parameterLines(config)) progress.line(line);
  if (deploysInfra(config, only)) await planInfra(deployment);
  if (only !== "infra") await planFunctions(deployment);
  heading(deployment, "Steps");
  for (const [index, { name }] of steps.entries()) progress.line(`  ${index + 1}. ${name}`);
  heading(deployment, "Not looked at: this was a dry run");
  progress.line("  credentials, secrets, names of buckets, CDK bootstrap, quotas, what is deployed already");
  return problemsOf(local).length === 0;
};
