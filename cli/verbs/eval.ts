import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import type { SearchMode } from "../../lib/store/store.ts";
import { clientFromEnvironment } from "../api-client.ts";
import { interruptSignal, wholeNumber } from "./options.ts";

type Options = {
  readonly rerank: readonly string[];
  readonly mode: readonly SearchMode[];
  readonly topK: number;
  readonly tokens?: number;
  readonly json?: boolean;
};

const names = (text: string): readonly string[] => {
  const list = text.split(",").map((name) => name.trim());
  if (list.some((name) => name === ""))
    throw new InvalidArgumentError("is a list of names with commas between.");
  return list;
};

const evaluateFile = async (path: string, options: Options): Promise<void> => {
  // On demand: the other verbs start without zod.
  const { evaluate, evaluationTable, readJudgedQueries } = await import("../evaluate.ts");
  const queries = readJudgedQueries(readFileSync(path, "utf8"));
  const api = clientFromEnvironment(interruptSignal());
  const { rerank: rerankers, mode: modes, topK, tokens } = options;
  const progress = (line: string): void => console.error(line);
  const results = await evaluate({ queries, rerankers, modes, topK, tokens, search: api.search, progress });
  console.log(options.json ? JSON.stringify(results, null, 2) : evaluationTable(results, topK));
};

/** kettle eval QUERIES.jsonl */
export const evalVerb = (program: Command): void => {
  program
    .command("eval")
    .description("measure rerankers on questions of your own")
    .argument("<file>", 'JSON lines: {"query": "…", "relevant": ["key of a document", …]}')
    .option(
      "--rerank <names>",
      "rerankers, commas between; the first is what others are compared with",
      names,
      ["none", "distance", "balanced"],
    )
    .option("--mode <modes>", "dense, sparse, hybrid, commas between", names, ["dense"])
    .option("-k, --top-k <n>", "hits in an answer", wholeNumber(1, 1000), 10)
    .option("--tokens <n>", "most tokens of an answer", wholeNumber(1, 1_000_000))
    .option("--json", "figures as JSON")
    .action(evaluateFile);
};
