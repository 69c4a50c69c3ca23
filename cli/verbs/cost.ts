import { readFileSync } from "node:fs";
import type { Command } from "commander";
import {
  type CostRow,
  ingestCosts,
  listPrices,
  type Prices,
  provisionedCosts,
  searchCosts,
  totalOf,
  usualWorkload,
  type Workload,
} from "../../packaging/costs.ts";
import { environmentOf, type StageOptions, withStageOptions } from "../milvus.ts";
import { wholeNumber } from "./options.ts";

type Options = StageOptions & Workload & { readonly prices?: string; readonly json?: boolean };

/** What the file names goes before the list prices. */
const pricesOf = (path: string | undefined): Prices =>
  path === undefined
    ? listPrices
    : { ...listPrices, source: path, ...JSON.parse(readFileSync(path, "utf8")) };

const print = (title: string, rows: readonly CostRow[]): void => {
  if (rows.length === 0) return;
  console.log(`\n${title}`);
  for (const { what, formula, dollars } of rows)
    console.log(`  ${what.padEnd(24)} ${dollars.toFixed(2).padStart(10)}  ${formula}`);
  console.log(`  ${"sum".padEnd(24)} ${totalOf(rows).toFixed(2).padStart(10)}`);
};

const cost = (options: Options): void => {
  const { config } = environmentOf(options);
  const prices = pricesOf(options.prices);
  const parts = {
    ingest: ingestCosts(config, options, prices),
    search: searchCosts(config, options, prices),
    provisionedMonth: provisionedCosts(config, prices),
  };
  if (options.json) {
    console.log(JSON.stringify({ prices, ...parts }, null, 2));
    return;
  }
  console.log(`US dollars, ${prices.region}, ${config.aws.architecture}; prices: ${prices.source}`);
  print(`${options.documents.toLocaleString("en")} documents`, parts.ingest);
  print(`${options.searches.toLocaleString("en")} searches`, parts.search);
  print("A month of functions that are kept started", parts.provisionedMonth);
};

const count = wholeNumber(0, 1_000_000_000_000);

/** kettle cost */
export const costVerb = (program: Command): void => {
  withStageOptions(
    program
      .command("cost")
      .description(
        "what the functions of a stage cost in AWS, by formula (docs/costs.md); Milvus and S3 storage apart",
      ),
  )
    .option("--documents <n>", "documents to ingest", count, usualWorkload.documents)
    .option("--chunks-per-document <n>", "chunks of each", count, usualWorkload.chunksPerDocument)
    .option("--tokens-per-chunk <n>", "tokens of each chunk", count, usualWorkload.tokensPerChunk)
    .option("--searches <n>", "searches", count, usualWorkload.searches)
    .option("--question-tokens <n>", "tokens of a question", count, usualWorkload.questionTokens)
    .option("--prices <file>", "JSON with the prices that differ; names as in packaging/costs.ts")
    .option("--json", "answer as JSON")
    .action(cost);
};
