import { z } from "zod";
import { bootstrap, type Estimate } from "../lib/eval/bootstrap.ts";
import { ndcg, recall } from "../lib/eval/metrics.ts";
import type { SearchAnswer, SearchQuery } from "../lib/steps/search.ts";
import type { SearchMode } from "../lib/store/store.ts";

const line = z.strictObject({
  query: z.string().min(1),
  /** Keys of the documents that answer it. */
  relevant: z.array(z.string().min(1)).min(1),
});
export type JudgedQuery = z.infer<typeof line>;

const parsedLine = (text: string, number: number): JudgedQuery => {
  try {
    return line.parse(JSON.parse(text));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new Error(
      `line ${number} is not {"query": "…", "relevant": ["key", …]}: ${reason.replaceAll("\n", " ")}`,
    );
  }
};

/** @throws Error that names the line which is not as it must be, or says that there is none. */
export const readJudgedQueries = (jsonl: string): readonly JudgedQuery[] => {
  const queries = jsonl
    .split("\n")
    .map((text, index) => ({ text: text.trim(), number: index + 1 }))
    .filter(({ text }) => text !== "")
    .map(({ text, number }) => parsedLine(text, number));
  if (queries.length === 0) throw new Error("the file has no queries");
  return queries;
};

export type Evaluated = {
  readonly rerank: string;
  readonly mode: SearchMode;
  readonly queries: number;
  readonly ndcg: Estimate;
  readonly recall: Estimate;
  readonly tokens: Estimate;
  /** nDCG less that of the first reranker in the same mode; the interval is of the paired bootstrap. */
  readonly ndcgAgainstFirst: Estimate;
};

export type EvaluateOptions = {
  readonly queries: readonly JudgedQuery[];
  readonly rerankers: readonly string[];
  readonly modes: readonly SearchMode[];
  readonly topK: number;
  readonly tokens?: number | undefined;
  readonly search: (query: SearchQuery) => Promise<SearchAnswer>;
  readonly progress: (line: string) => void;
};

type Scores = { readonly ndcg: number; readonly recall: number; readonly tokens: number };

const scoresOf = ({ hits, tokens }: SearchAnswer, { relevant }: JudgedQuery, k: number): Scores => {
  // Chunks of one document share its key: the first of them finds it, the others find nothing new.
  const judged = hits.map(({ key }) => ({ group: key, tokens: 0 }));
  const wanted = new Set(relevant);
  return { ndcg: ndcg(judged, wanted, k), recall: recall(judged, wanted, k), tokens };
};

const scoresOfAll = async (
  { queries, topK, tokens, search }: EvaluateOptions,
  mode: SearchMode,
  rerank: string,
): Promise<readonly Scores[]> => {
  const scores: Scores[] = [];
  const budget = tokens === undefined ? undefined : { tokens };
  for (const judged of queries)
    scores.push(scoresOf(await search({ query: judged.query, topK, mode, rerank, budget }), judged, topK));
  return scores;
};

/** Asks every query of every reranker and mode, one after another. Reranker: a name or `custom:<name>`. */
export const evaluate = async (options: EvaluateOptions): Promise<readonly Evaluated[]> => {
  const { queries, rerankers, modes, progress } = options;
  const results: Evaluated[] = [];
  for (const mode of modes) {
    let first: readonly Scores[] | null = null;
    for (const rerank of rerankers) {
      progress(`${mode}, ${rerank}: ${queries.length} queries`);
      const scores = await scoresOfAll(options, mode, rerank);
      const compared: readonly Scores[] = first ?? scores;
      first = compared;
      results.push({
        rerank,
        mode,
        queries: queries.length,
        ndcg: bootstrap(scores.map((one) => one.ndcg)),
        recall: bootstrap(scores.map((one) => one.recall)),
        tokens: bootstrap(scores.map((one) => one.tokens)),
        ndcgAgainstFirst: bootstrap(scores.map((one, i) => one.ndcg - (compared[i]?.ndcg ?? 0))),
      });
    }
  }
  return results;
};

const withInterval = ({ mean, low, high }: Estimate): string =>
  `${mean.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;

/** A table for the terminal; intervals are of 95 %. */
export const evaluationTable = (results: readonly Evaluated[], topK: number): string => {
  const first = results[0]?.rerank ?? "";
  const lines = [
    ["mode", "reranker", `nDCG@${topK}`, `less ${first}`, `recall@${topK}`, "tokens"],
    ...results.map((one) => [
      one.mode,
      one.rerank,
      withInterval(one.ndcg),
      one.rerank === first ? "" : withInterval(one.ndcgAgainstFirst),
      withInterval(one.recall),
      one.tokens.mean.toFixed(0),
    ]),
  ];
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
};
