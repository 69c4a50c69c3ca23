import type { Command } from "commander";
import { confirmByName } from "../confirm.ts";
import { createProgress } from "../progress.ts";
import { interruptSignal } from "./options.ts";

type Options = {
  readonly stage: string;
  readonly region?: string;
  readonly deleteData?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
};

const destroyStage = async ({ stage, region, deleteData = false, dryRun, yes }: Options): Promise<void> => {
  const { openDeployment } = await import("../deploy/deployment.ts");
  const { destroy, destroySteps, keptLine } = await import("../deploy/destroy.ts");
  const progress = createProgress(process.stdout);
  const deployment = openDeployment(stage, { region, deleteData }, progress, interruptSignal());
  try {
    progress.line(`Stage ${stage} in ${deployment.config.aws.region}. Goes:`);
    for (const { name } of destroySteps(deployment, { deleteData })) progress.line(`  ${name}`);
    progress.line(keptLine(deployment, { deleteData }));
    if (dryRun) return;
    await confirmByName(stage, yes);
    await destroy(deployment, { deleteData });
  } finally {
    progress.end();
  }
};

/** kettle destroy */
export const destroyVerb = (program: Command): void => {
  program
    .command("destroy")
    .description(
      "take a stage out of AWS; the documents, the ledger and Milvus's data stay unless told otherwise",
    )
    .requiredOption("--stage <stage>", "stage of kettle.yml")
    .option("--region <region>", "instead of aws.region of the stage")
    .option("--delete-data", "delete the buckets with every document, and Milvus's data")
    .option("--dry-run", "say what would go; needs no credentials and changes nothing")
    .option("--yes", "do not ask for the stage's name")
    .action(destroyStage);
};
