import type { Command } from "commander";
import { clientFromEnvironment } from "../api-client.ts";
import { type IngestedFile, ingestFiles } from "../ingest.ts";
import { createProgress } from "../progress.ts";
import { apiTarget, type LocalFile, listFiles } from "../upload.ts";
import { interruptSignal, wholeNumber } from "./options.ts";

type Options = { readonly prefix: string; readonly concurrency: number; readonly json?: boolean };

const filesOf = async (paths: readonly string[], prefix: string): Promise<readonly LocalFile[]> => {
  const lists = await Promise.all(paths.map((path) => listFiles(path, prefix)));
  const byKey = new Map<string, LocalFile>();
  for (const file of lists.flat()) {
    const other = byKey.get(file.key);
    if (other !== undefined && other.path !== file.path)
      throw new Error(
        `${other.path} and ${file.path} would both become ${file.key}; give --prefix and ingest them apart`,
      );
    byKey.set(file.key, file);
  }
  return [...byKey.values()];
};

const summary = (outcomes: readonly IngestedFile[]): string => {
  const count = (outcome: IngestedFile["outcome"]) =>
    outcomes.filter((file) => file.outcome === outcome).length;
  const parts = [`${count("ready")} ready`, `${count("failed")} failed`];
  if (count("unfinished") > 0) parts.push(`${count("unfinished")} unfinished`);
  return parts.join(", ");
};

const ingest = async (paths: readonly string[], { prefix, concurrency, json }: Options): Promise<void> => {
  const signal = interruptSignal();
  const api = clientFromEnvironment(signal);
  const files = await filesOf(paths, prefix);
  if (files.length === 0) throw new Error(`no files in ${paths.join(", ")}`);
  // With --json, standard output holds the JSON alone.
  const progress = createProgress(json ? process.stderr : process.stdout);
  const outcomes = await ingestFiles({
    files,
    api,
    target: apiTarget(api, signal),
    progress,
    signal,
    concurrency,
  });
  console.log(json ? JSON.stringify({ files: outcomes }, null, 2) : summary(outcomes));
  if (outcomes.some(({ outcome }) => outcome !== "ready")) process.exitCode = 1;
};

/** kettle ingest PATH… */
export const ingestVerb = (program: Command): void => {
  program
    .command("ingest")
    .description("upload files and folders, and wait until each is ready or has failed")
    .argument("<path...>", "files or folders")
    .option("--prefix <prefix>", "put this before each key", "")
    .option("--concurrency <n>", "uploads at once", wholeNumber(1, 64), 4)
    .option("--json", "answer as JSON on standard output; progress goes to standard error")
    .action(ingest);
};
