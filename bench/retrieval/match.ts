import { mean } from "../../lib/eval/bootstrap.ts";
import type { TestCollection } from "./collection.ts";
import type { Question } from "./data.ts";
import { type Arm, recallWithin } from "./measure.ts";

const shares = Array.from({ length: 20 }, (_, i) => (i + 1) / 20);

const meanRecall = async (
  collection: TestCollection,
  questions: readonly Question[],
  arm: Arm,
  tokens: number,
): Promise<number> => {
  const values: number[] = [];
  for (const question of questions) {
    values.push(await recallWithin(collection, question, arm, tokens));
    collection.next();
  }
  return mean(values);
};

/**
 * The least share of plain top-k's budget, in twentieths, from which on an arm has at least plain top-k's recall; null
 * when it needs more than all of it.
 */
export const shareToMatch = async (
  collection: TestCollection,
  questions: readonly Question[],
  arm: Arm,
  tokens: number,
): Promise<number | null> => {
  const goal = await meanRecall(collection, questions, { ...arm, rerank: "none" }, tokens);
  let least: number | null = null;
  for (const share of [...shares].reverse()) {
    if ((await meanRecall(collection, questions, arm, Math.round(share * tokens))) < goal) break;
    least = share;
  }
  return least;
};
