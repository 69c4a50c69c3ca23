import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { loadConfig, stageNames } from "../../lib/config/load.ts";
import { AppError } from "../../lib/errors.ts";

type CheckOptions = { readonly file: string; readonly stage?: string; readonly json?: boolean };
type Checked = { readonly stage: string; readonly ok: boolean; readonly message: string };

const checkStage = (file: string, stage: string): Checked => {
  try {
    loadConfig(file, stage);
    return { stage, ok: true, message: "" };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { stage, ok: false, message: error.message };
  }
};

const stagesOf = (file: string): readonly string[] => {
  try {
    const names = stageNames(readFileSync(file, "utf8"));
    return names.length > 0 ? names : ["local"];
  } catch {
    return ["local"]; // the check itself says what is wrong with the file
  }
};

const check = ({ file, stage, json }: CheckOptions): void => {
  const checked = (stage ? [stage] : stagesOf(file)).map((name) => checkStage(file, name));
  if (json) console.log(JSON.stringify({ file, stages: checked }, null, 2));
  else for (const { stage: name, ok, message } of checked) console.log(ok ? `${name}: ok` : message);
  if (checked.some(({ ok }) => !ok)) process.exitCode = 1;
};

/** kettle config check|show */
export const configVerb = (program: Command): void => {
  const config = program.command("config").description("the parameter file");
  const file = process.env.KETTLE_CONFIG || "kettle.yml";
  config
    .command("check")
    .description("report every problem of the parameter file at once")
    .option("--file <path>", "parameter file", file)
    .option("--stage <name>", "only this stage (default: all)")
    .option("--json", "answer as JSON")
    .action(check);
  config
    .command("show")
    .description("print the complete parameters of a stage, defaults included")
    .option("--file <path>", "parameter file", file)
    .option("--stage <name>", "stage", process.env.KETTLE_STAGE || "local")
    .action((options: { readonly file: string; readonly stage: string }) =>
      console.log(JSON.stringify(loadConfig(options.file, options.stage), null, 2)),
    );
};
