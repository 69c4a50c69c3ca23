import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

/**
 * `npm run synth [-- --stage S] [options of cdk synth]`: writes the infrastructure's templates for a stage (`prod`) to
 * .build/cdk and checks them with cdk-nag. Needs neither an account nor the network.
 */
const root = import.meta.dirname;
const options = process.argv.slice(2);
const named = options.indexOf("--stage");
const [, stage = "prod"] = named === -1 ? [] : options.splice(named, 2);

const { status } = spawnSync(
  process.execPath,
  [createRequire(import.meta.url).resolve("aws-cdk/bin/cdk"), "synth", "--quiet", ...options],
  {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, KETTLE_STAGE: stage, CDK_DISABLE_CLI_TELEMETRY: "true" },
  },
);
process.exit(status ?? 1);
