import { type Command, Option } from "commander";
import { type Config, strategies } from "../../lib/config/schema.ts";
import type { Overrides } from "../chunk-preview.ts";
import { interruptSignal, wholeNumber } from "./options.ts";

type Options = {
  readonly key?: string;
  readonly method?: Config["chunking"]["strategy"];
  readonly size?: number;
  readonly overlap?: number;
  readonly parent?: number | "none";
  readonly stage?: string;
  readonly file?: string;
  readonly json?: boolean;
};

/** Bounds are those of kettle.yml, which are told with everything else that does not go together. */
const tokens = wholeNumber(0, 1_000_000);

const tokensOrNone = (text: string): number | "none" => (text === "none" ? text : tokens(text));

const parentOf = ({ parent }: Options): Overrides["parent"] => {
  if (parent === undefined) return undefined;
  return parent === "none" ? null : { tokens: parent };
};

const chunk = async (path: string, options: Options): Promise<void> => {
  // On demand: the other verbs start without readers and models.
  const { listFiles } = await import("../upload.ts");
  const { readEnvironment } = await import("../../lib/config/environment.ts");
  const { formatPreview, previewChunks } = await import("../chunk-preview.ts");
  const [found] = await listFiles(path);
  if (found?.path !== path) throw new Error(`${path} is a folder: name one file of it`);
  const environment = readEnvironment(options);
  const { key = found.key, method: strategy, size, overlap, json } = options;
  const overrides = { strategy, size, overlap, parent: parentOf(options) };
  const preview = await previewChunks({ ...found, key }, environment, overrides, interruptSignal());
  const { action } = environment.config.quality;
  console.log(json ? JSON.stringify(preview, null, 2) : formatPreview(preview, action));
};

/** kettle chunk FILE */
export const chunkVerb = (program: Command): void => {
  program
    .command("chunk")
    .description("show how a file would be cut into chunks; nothing is stored")
    .argument("<path>", "a file on this machine")
    .option("--key <key>", "key that it would have: kettle.yml's rule for it counts (default: its name)")
    .addOption(new Option("--method <strategy>", "another strategy").choices(strategies))
    .option("--size <tokens>", "another size", tokens)
    .option("--overlap <tokens>", "another overlap", tokens)
    .option("--parent <tokens>", "size of parents, or none", tokensOrNone)
    .option("--stage <name>", "stage of the parameter file (default: KETTLE_STAGE, else local)")
    .option("--file <path>", "parameter file (default: KETTLE_CONFIG, else kettle.yml)")
    .option("--json", "chunks as JSON, as they would be stored")
    .action(chunk);
};
