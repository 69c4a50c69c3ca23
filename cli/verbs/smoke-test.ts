import type { Command } from "commander";
import { clientFromEnvironment } from "../api-client.ts";
import { createProgress } from "../progress.ts";
import { smokeTest } from "../smoke-test.ts";
import { interruptSignal, wholeNumber } from "./options.ts";

const run = async ({ patience }: { readonly patience: number }): Promise<void> => {
  const signal = interruptSignal();
  const api = clientFromEnvironment(signal);
  await smokeTest({ api, progress: createProgress(process.stdout), signal, patienceMs: patience * 1000 });
  console.log(`${api.url} works`);
};

/** kettle smoke-test */
export const smokeTestVerb = (program: Command): void => {
  program
    .command("smoke-test")
    .description("one document through a running system: uploaded, waited for, found, deleted")
    .option("--patience <seconds>", "how long each part may take", wholeNumber(1, 3_600), 120)
    .action(run);
};
