import { type Command, Option } from "commander";
import { confirm } from "../confirm.ts";
import type { Part } from "../deploy/deploy.ts";
import { createProgress } from "../progress.ts";
import { interruptSignal } from "./options.ts";

type Options = {
  readonly stage: string;
  readonly region?: string;
  readonly only?: Part;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
};

// The tools of a deployment are loaded by those who deploy: every other verb starts without them.
const deployStage = async ({ stage, region, only, dryRun, yes }: Options): Promise<void> => {
  const { openDeployment } = await import("../deploy/deployment.ts");
  const { deploy, planDeployment } = await import("../deploy/deploy.ts");
  const progress = createProgress(process.stdout);
  const deployment = openDeployment(stage, { region }, progress, interruptSignal());
  try {
    if (dryRun) {
      if (!(await planDeployment(deployment, only))) process.exitCode = 1;
      return;
    }
    await confirm(`Deploy stage ${stage} to ${deployment.config.aws.region}?`, yes);
    await deploy(deployment, only);
    progress.line(`\nStage ${stage} is deployed.`);
  } catch (error) {
    if (deployment.signal.aborted)
      progress.line("\nInterrupted. What AWS had begun goes on there; run the same command again to go on.");
    throw error;
  } finally {
    progress.end();
  }
};

/** kettle deploy */
export const deployVerb = (program: Command): void => {
  program
    .command("deploy")
    .description(
      "deploy a stage to AWS: checks, infrastructure, functions, smoke test; run again to update or to go on",
    )
    .requiredOption("--stage <stage>", "stage of kettle.yml")
    .option("--region <region>", "instead of aws.region of the stage")
    .addOption(new Option("--only <part>", "one part").choices(["infra", "functions"]))
    .option("--dry-run", "say what would be done; needs no credentials and changes nothing")
    .option("--yes", "do not ask")
    .action(deployStage);
};
