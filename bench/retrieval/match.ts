import { mean } from "../../lib/eval/bootstrap.ts";
import type { TestCollection } from "./collection.ts";
import type { Question } from "./data.ts";
import { type Arm, recallWithin } from "./measure.ts";

const shares = Array.from({ length: 20 }, (_, i) => (i + 1) / 20);

/**
 * The least share of plain top-k's budget, in twentieths, from which on an arm has at least plain top-k's mean recall;
 * null when it needs more than all of it.
 */
export const shareToMatch = async (
  collection: TestCollection,
  questions: readonly Question[],
  arm: Arm,
  tokens: number,
): Promise<number | null> => {
  const plain: number[] = [];
  const reached = shares.map((): number[] => []);
  for (const question of questions) {
    plain.push(await recallWithin(collection, question, { ...arm, rerank: "none" }, tokens));
    for (const [i, share] of shares.entries())
      reached[i]?.push(await recallWithin(collection, question, arm, Math.round(share * tokens)));
    collection.next();
  }
  const goal = mean(plain);
  const short = reached.findLastIndex((values) => mean(values) < goal);
  return shares[short + 1] ?? null;
};
