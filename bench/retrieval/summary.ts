import { bootstrap, type Estimate } from "../../lib/eval/bootstrap.ts";
import type { SearchMode } from "../../lib/store/store.ts";
import { type Arm, budgets, type Measured } from "./measure.ts";

/** A reranker in one mode on one set. */
export type Summary = {
  readonly set: string;
  readonly mode: SearchMode;
  readonly reranker: string;
  readonly questions: number;
  readonly ndcg: Estimate;
  /** nDCG@10 less that of plain top-k on the same questions; the interval is of the paired bootstrap. */
  readonly ndcgAgainstPlain: Estimate;
  readonly recall: Estimate;
  readonly alphaNdcg: Estimate;
  readonly tokens: Estimate;
  /** By budget, as `budgets` counts them. */
  readonly recallWithin: readonly Estimate[];
  /** Median. */
  readonly rerankMs: number;
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

export const summarise = (
  set: string,
  { name, mode }: Arm,
  measured: readonly Measured[],
  plain: readonly Measured[],
): Summary => {
  const over = (of: (one: Measured) => number): Estimate => bootstrap(measured.map(of));
  return {
    set,
    mode,
    reranker: name,
    questions: measured.length,
    ndcg: over(({ ndcg }) => ndcg),
    ndcgAgainstPlain: bootstrap(measured.map(({ ndcg }, i) => ndcg - (plain[i]?.ndcg ?? 0))),
    recall: over(({ recall }) => recall),
    alphaNdcg: over(({ alphaNdcg }) => alphaNdcg),
    tokens: over(({ tokens }) => tokens),
    recallWithin: budgets.map((_, at) => over(({ recallWithin }) => recallWithin[at] ?? 0)),
    rerankMs: median(measured.map(({ rerankMs }) => rerankMs)),
  };
};

const digits = (value: number, count = 3): string => value.toFixed(count).replace(/^(-?)0\./, "$1.");
const withInterval = ({ mean, low, high }: Estimate): string =>
  `${digits(mean)} (${digits(low)}–${digits(high)})`;

/** Markdown, so that it can stand in a page as it is. */
export const tableOf = (summaries: readonly Summary[]): string => {
  const head = [
    "set, mode",
    "reranker",
    "nDCG@10 (95 %)",
    "− plain",
    "recall@10",
    "α-nDCG@10",
    "tokens",
    `recall at ${budgets.join(" / ")} tokens`,
    "ms",
  ];
  const lines = summaries.map((one) => [
    `${one.set}, ${one.mode}`,
    one.reranker,
    withInterval(one.ndcg),
    digits(one.ndcgAgainstPlain.mean),
    digits(one.recall.mean),
    withInterval(one.alphaNdcg),
    one.tokens.mean.toFixed(0),
    one.recallWithin.map(({ mean }) => digits(mean)).join(" / "),
    one.rerankMs.toFixed(2),
  ]);
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
};
