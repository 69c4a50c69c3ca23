import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { configSchema } from "../../lib/config/schema.ts";
import { openPicture } from "../../lib/read/image/picture.ts";
import type { SearchQuery } from "../../lib/steps/search.ts";
import { type ApiClient, clientFromEnvironment } from "../api-client.ts";
import { formatAnswer } from "../print-answer.ts";
import { interruptSignal, jsonValue, wholeNumber } from "./options.ts";

type Options = {
  readonly topK?: number;
  readonly candidates?: number;
  readonly mode?: string;
  readonly rerank?: string;
  readonly tokens?: number;
  readonly filter?: unknown;
  readonly cluster?: string;
  readonly copies?: boolean;
  readonly low?: boolean;
  readonly images?: boolean;
  readonly picture?: string;
  readonly json?: boolean;
};

/** The server checks the values: one place that says what is allowed. */
const requestOf = (
  question: Pick<SearchQuery, "query" | "image" | "target">,
  options: Options,
): SearchQuery =>
  ({
    ...question,
    topK: options.topK,
    candidates: options.candidates,
    mode: options.mode,
    rerank: options.rerank,
    filter: options.filter,
    cluster: options.cluster && { when: options.cluster },
    budget: options.tokens && { tokens: options.tokens },
    duplicates: options.copies && "keep",
    includeLowQuality: options.low,
  }) as SearchQuery;

/** Words of the published clusters, for headings; an answer without them is still an answer. */
const termsOf = async (api: ApiClient): Promise<ReadonlyMap<number, readonly string[]>> => {
  const page = await api.clusters({ limit: 200 }).catch(() => null);
  return new Map(page?.clusters.map(({ id, terms }) => [id, terms]));
};

/** Of the square that is sent: more than image models look at, and few bytes. */
const sentSide = 448;

const pictureAt = async (path: string): Promise<string> => {
  const picture = await openPicture({
    bytes: await readFile(path),
    key: path,
    limits: configSchema.parse({}).limits,
  });
  return Buffer.from(await picture.square(0, sentSide)).toString("base64");
};

const questionOf = async (words: string, { picture, images }: Options) => {
  if (picture !== undefined) return { image: await pictureAt(picture) };
  return images ? { query: words, target: "images" as const } : { query: words };
};

const search = async (words: readonly string[], options: Options, command: Command): Promise<void> => {
  if ((words.length === 0) !== (options.picture !== undefined))
    command.error("error: give either a question or --picture", { exitCode: 2 });
  const api = clientFromEnvironment(interruptSignal());
  const question = words.join(" ");
  const answer = await api.search(requestOf(await questionOf(question, options), options));
  if (options.json) {
    console.log(JSON.stringify(answer, null, 2));
    return;
  }
  const { isTTY, columns } = process.stdout;
  const terms = answer.clusterVersion > 0 ? await termsOf(api) : undefined;
  console.log(formatAnswer(question || options.picture || "", answer, { columns, color: isTTY, terms }));
};

/** kettle search QUESTION… */
export const searchVerb = (program: Command): void => {
  program
    .command("search")
    .description("ask, and print the answer grouped by cluster")
    .argument("[question...]", "the question, in any language")
    .option("--images", "find pictures by what they show")
    .option("--picture <file>", "find pictures that are like this one")
    .option("-k, --top-k <n>", "hits in the answer", wholeNumber(1, 1000))
    .option("--candidates <n>", "hits to rerank", wholeNumber(1, 10_000))
    .option("--mode <mode>", "dense, sparse or hybrid")
    .option(
      "--rerank <name>",
      "balanced, distance, cluster-size, cluster-center, mmr, rrf, cross-encoder, none or custom:<name>",
    )
    .option("--tokens <n>", "most tokens of the answer", wholeNumber(1, 1_000_000))
    .option("--filter <json>", "structured filter, as in POST /search", jsonValue)
    .option("--cluster <when>", "`store` for stored labels, `query` to cluster the candidates")
    .option("--copies", "show copies, too, instead of one of each group")
    .option("--low", "search low-quality chunks too")
    .option("--json", "answer as JSON")
    .action(search);
};
