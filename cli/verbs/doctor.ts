import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import { clientFromEnvironment } from "../api-client.ts";
import { examine } from "../doctor/examine.ts";
import { count, type Finding } from "../doctor/finding.ts";
import { interruptSignal, wholeNumber } from "./options.ts";

type Options = {
  readonly documents: number;
  readonly sample: number;
  readonly stuck: number;
  readonly patience: number;
  readonly json?: boolean;
};

const marks = { ok: "ok", warning: "! ", problem: "NO" } as const;

const print = ({ check, status, message, fix }: Finding): void => {
  console.log(`${marks[status]}  ${check.padEnd(18)} ${message}`);
  if (fix !== null) console.log(`    ${fix}`);
};

const doctor = async (options: Options): Promise<void> => {
  const signal = interruptSignal();
  const api = clientFromEnvironment(signal);
  const findings = await examine(api, {
    tokenGiven: Boolean(process.env.KETTLE_TOKEN),
    documents: options.documents,
    sample: options.sample,
    stuckMs: options.stuck * 60_000,
    patienceMs: options.patience * 1_000,
    pollMs: 1_000,
    pause: (ms) => pause(ms, undefined, { signal }),
    clock: Date.now,
  });
  const problems = findings.filter(({ status }) => status === "problem").length;
  const warnings = findings.filter(({ status }) => status === "warning").length;
  if (options.json) console.log(JSON.stringify({ url: api.url, problems, warnings, findings }, null, 2));
  else {
    findings.forEach(print);
    console.log(`${count(problems, "problem")}, ${count(warnings, "warning")}`);
  }
  if (problems > 0) process.exitCode = 1;
};

/** kettle doctor */
export const doctorVerb = (program: Command): void => {
  program
    .command("doctor")
    .description("check each part of a running system, and say what is wrong and what to do")
    .option("--documents <n>", "documents to look at", wholeNumber(1, 1_000_000), 1_000)
    .option("--sample <n>", "of these, so many are counted in the index", wholeNumber(0, 10_000), 20)
    .option(
      "--stuck <minutes>",
      "without progress for so long a document is stuck",
      wholeNumber(1, 100_000),
      30,
    )
    .option("--patience <seconds>", "how long a queue may stand still", wholeNumber(0, 600), 10)
    .option("--json", "answer as JSON")
    .action(doctor);
};
