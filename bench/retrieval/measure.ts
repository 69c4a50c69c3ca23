import { alphaNdcg, type JudgedHit, ndcg, recall, tokensOf } from "../../lib/eval/metrics.ts";
import { hashParts } from "../../lib/ids.ts";
import type { SearchQuery } from "../../lib/steps/search.ts";
import type { SearchMode } from "../../lib/store/store.ts";
import type { TestCollection } from "./collection.ts";
import type { Question } from "./data.ts";

export const budgets = [250, 500, 1_000, 2_000] as const;
/** Hits that a budget is filled from: the same for every reranker. */
const budgetCandidates = 200;
const topK = 10;

/** A reranker as it is asked for, in one mode. */
export type Arm = {
  readonly name: string;
  readonly rerank: SearchQuery["rerank"];
  readonly mode: SearchMode;
};

/** What one question gave. */
export type Measured = {
  /** Of the answer of 10 hits, without a budget. */
  readonly ndcg: number;
  readonly recall: number;
  readonly alphaNdcg: number;
  readonly tokens: number;
  /** Recall of the answers within each of `budgets`. */
  readonly recallWithin: readonly number[];
  readonly rerankMs: number;
};

export type Half = "tuning" | "reporting" | "all";

/** Which half a question belongs to never changes: what is tuned on one is reported on the other. */
export const isOfHalf = ({ id, text }: Question, half: Half): boolean =>
  half === "all" ||
  (Number.parseInt(hashParts("half", id, text).slice(0, 8), 16) % 2 === 0) === (half === "tuning");

const never = new AbortController().signal;

export const ask = async (
  collection: TestCollection,
  question: Question,
  { rerank, mode }: Arm,
  more: Partial<SearchQuery>,
): Promise<{ readonly hits: readonly JudgedHit[]; readonly rerankMs: number }> => {
  const answer = await collection.search({ query: question.text, rerank, mode, ...more }, never);
  return { hits: collection.judge(answer), rerankMs: answer.timings.rerankMs };
};

/** Recall of an answer that is to hold so many tokens. */
export const recallWithin = async (
  collection: TestCollection,
  question: Question,
  arm: Arm,
  tokens: number,
): Promise<number> => {
  const { hits } = await ask(collection, question, arm, {
    topK: budgetCandidates,
    candidates: budgetCandidates,
    budget: { tokens },
  });
  return recall(hits, question.relevant, hits.length);
};

/** One question to one reranker: an answer as by default, and one for each budget. */
export const measure = async (
  collection: TestCollection,
  question: Question,
  arm: Arm,
): Promise<Measured> => {
  const { hits, rerankMs } = await ask(collection, question, arm, { topK });
  const within: number[] = [];
  for (const tokens of budgets) within.push(await recallWithin(collection, question, arm, tokens));
  return {
    ndcg: ndcg(hits, question.relevant, topK),
    recall: recall(hits, question.relevant, topK),
    alphaNdcg: alphaNdcg(hits, question.relevant, topK, { sizes: collection.groupSizes }),
    tokens: tokensOf(hits),
    recallWithin: within,
    rerankMs,
  };
};
