import { resolve } from "node:path";
import type { Command } from "commander";
import { defaultHub, listModels, type PulledFile, pullModel, verifyFiles } from "../../lib/embed/pull.ts";
import { downloadProgress, megabytes } from "../download-progress.ts";

type JsonOption = { readonly json?: boolean };
type PullFlags = JsonOption & { readonly hub: string };

const modelsDir = (): string => resolve(process.env.KETTLE_MODELS_DIR || "models");

const list = async ({ json }: JsonOption): Promise<void> => {
  const models = await listModels(modelsDir());
  if (json) return console.log(JSON.stringify({ models }, null, 2));
  const width = Math.max(...models.map(({ name }) => name.length));
  for (const { name, kind, dimension, state, bytes, licence, bundled } of models)
    console.log(
      [
        name.padEnd(width),
        kind.padEnd("cross-encoder".length),
        (kind === "cross-encoder" ? "" : `${dimension}`).padStart(4),
        (bundled ? `${state}, bundled` : state).padEnd("here, bundled".length),
        (bytes > 0 ? megabytes(bytes) : "").padStart(9),
        licence,
      ].join("  "),
    );
};

const printPulled = ({ path, sha256, how, locked, bytes }: PulledFile): void =>
  console.log(
    `${path}  ${megabytes(bytes)}  ${how}  sha256 ${sha256}${locked ? "  (locked in manifest.lock.json)" : ""}`,
  );

/** Ctrl-C stops the pull and leaves what has arrived; a second one ends at once. */
const interruptible = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const controller = new AbortController();
  const onInterrupt = (): void => {
    process.off("SIGINT", onInterrupt);
    console.error("\nstopped; what has arrived is kept, run the same command again to go on");
    controller.abort();
  };
  process.on("SIGINT", onInterrupt);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", onInterrupt);
  }
};

const pull = async (names: readonly string[], { hub, json }: PullFlags): Promise<void> => {
  const pulled: Record<string, readonly PulledFile[]> = {};
  await interruptible(async (signal) => {
    for (const model of names) {
      const progress = downloadProgress(process.stderr, model);
      pulled[model] = await pullModel({
        modelsDir: modelsDir(),
        model,
        hub,
        signal,
        onEvent: (event) => {
          if (event.type === "progress") return progress.report(event.file, event.done, event.total);
          progress.end();
          if (!json) printPulled(event.outcome);
        },
      }).finally(progress.end);
    }
  });
  if (json) console.log(JSON.stringify({ models: pulled }, null, 2));
};

/** Without names: every model that has files here. */
const verify = async (names: readonly string[], { json }: JsonOption): Promise<void> => {
  const here = async () =>
    (await listModels(modelsDir())).filter(({ state }) => state !== "not here").map(({ name }) => name);
  const files = [];
  for (const name of names.length > 0 ? names : await here())
    files.push(...(await verifyFiles(modelsDir(), name)));
  if (json) console.log(JSON.stringify({ files }, null, 2));
  else
    for (const { model, path, ok, message } of files)
      console.log(`${ok ? "ok  " : "BAD "}  ${model}/${path}  ${message}`);
  if (files.some(({ ok }) => !ok)) process.exitCode = 1;
};

/** kettle models list|pull|verify */
export const modelsVerb = (program: Command): void => {
  const models = program.command("models").description("embedding models");
  models
    .command("list", { isDefault: true })
    .description("models of the manifest, and which are here")
    .option("--json", "answer as JSON")
    .action(list);
  models
    .command("pull")
    .description("fetch models from the hub; goes on where an earlier pull stopped")
    .argument("<name...>", "names in models/manifest.json")
    .option("--hub <url>", "base URL of the model hub", process.env.KETTLE_MODEL_HUB || defaultHub)
    .option("--json", "answer as JSON")
    .action(pull);
  models
    .command("verify")
    .description("compare the files with the hashes of manifest and lock")
    .argument("[name...]", "default: every model that is here")
    .option("--json", "answer as JSON")
    .action(verify);
};
