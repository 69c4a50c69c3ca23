import { measuresOf } from "../lib/quality/quality.ts";
import { accuracyAt, auc, aucInterval, bestThreshold, type Scored } from "./quality/auc.ts";
import { foldOf, folds, type Judged, scoreFolds, scoreHeldOut } from "./quality/folds.ts";
import { pieceOf, readSet } from "./quality/labelled-set.ts";
import type { Bench, BenchRow } from "./row.ts";

const shippedThreshold = 0.3;
const goal = 0.95;

const aucRow = (name: string, scored: readonly Scored[]): BenchRow => {
  const value = auc(scored);
  const [low, high] = aucInterval(scored);
  return { name: `${name} (95 %: ${low.toFixed(3)}–${high.toFixed(3)})`, value, unit: "AUC" };
};

/** All good chunks against one kind of junk, or one language against itself. */
const partsOf = (scored: readonly Judged[]): readonly BenchRow[] => {
  const good = scored.filter(({ junk }) => !junk);
  const kinds = [
    ...Map.groupBy(
      scored.filter(({ junk }) => junk),
      ({ chunk }) => chunk.kind,
    ),
  ];
  return [
    ...(["en", "zh"] as const).map((language) =>
      aucRow(
        `  ${language}`,
        scored.filter(({ chunk }) => chunk.language === language),
      ),
    ),
    ...kinds.map(([kind, junk]) => aucRow(`  against ${kind}`, [...good, ...junk])),
  ];
};

/** A threshold chosen on four folds, judged on the fifth. */
const thresholdRow = (scored: readonly Judged[]): BenchRow => {
  let right = 0;
  for (let fold = 0; fold < folds; fold++) {
    const inFold = ({ chunk }: Judged) => foldOf(chunk) === fold;
    const threshold = bestThreshold(scored.filter((each) => !inFold(each)));
    const test = scored.filter(inFold);
    right += accuracyAt(test, threshold) * test.length;
  }
  return {
    name: "accuracy, threshold chosen on the other folds",
    value: right / scored.length,
    unit: "share",
  };
};

const shippedRows = (scored: readonly Judged[]): readonly BenchRow[] =>
  ([true, false] as const).map((junk) => {
    const of = scored.filter((each) => each.junk === junk);
    const low = of.filter(({ score }) => score < shippedThreshold).length;
    return {
      name: `${junk ? "junk" : "good chunks"} below the shipped threshold of ${shippedThreshold}`,
      value: low / of.length,
      unit: "share",
    };
  });

/** How well the score parts good chunks from junk; fitted on four folds, measured on the fifth, by texts. */
export const qualityBench: Bench = {
  name: "quality",
  run: async () => {
    const judged = readSet().map((chunk) => ({
      chunk,
      values: measuresOf(pieceOf(chunk)),
      junk: chunk.label === "junk",
    }));
    const scored = scoreFolds(judged);
    const all = aucRow(`${scored.length} chunks, five folds`, scored);
    const heldOut = scoreHeldOut(judged);
    return [
      { ...all, goal: `≥ ${goal}`, met: all.value >= goal },
      ...partsOf(scored),
      thresholdRow(scored),
      ...shippedRows(scored),
      aucRow("kinds of junk never seen in fitting, all", heldOut),
      ...partsOf(heldOut).slice(2),
    ];
  },
};
