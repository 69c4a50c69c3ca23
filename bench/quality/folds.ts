import { hashParts } from "../../lib/ids.ts";
import { combine } from "../../lib/quality/quality.ts";
import type { Scored } from "./auc.ts";
import { type Example, fitWeights } from "./fit.ts";
import type { LabelledChunk } from "./labelled-set.ts";

export type Judged = Example & Scored & { readonly chunk: LabelledChunk };

export const folds = 5;

/** By the text that a chunk was made of, so that no text is fitted on and measured on. */
export const foldOf = ({ source }: LabelledChunk): number =>
  Number.parseInt(hashParts("fold", source).slice(0, 8), 16) % folds;

type Unscored = Omit<Judged, "score">;

const scoreBy = (train: readonly Unscored[], test: readonly Unscored[]): readonly Judged[] => {
  const weights = fitWeights(train);
  return test.map((each) => ({ ...each, score: combine(each.values, weights) }));
};

/** Each chunk scored by weights that were fitted on the other folds. */
export const scoreFolds = (judged: readonly Unscored[]): readonly Judged[] =>
  Array.from({ length: folds }, (_, fold) => {
    const inFold = ({ chunk }: Unscored) => foldOf(chunk) === fold;
    return scoreBy(
      judged.filter((each) => !inFold(each)),
      judged.filter(inFold),
    );
  }).flat();

/**
 * Each kind of junk scored by weights that were fitted without it, on half of the good chunks; the other half are what
 * it is measured against.
 */
export const scoreHeldOut = (judged: readonly Unscored[]): readonly Judged[] => {
  const kinds = new Set(judged.filter(({ junk }) => junk).map(({ chunk }) => chunk.kind));
  const isTest = ({ chunk }: Unscored) => foldOf(chunk) < folds / 2;
  return [...kinds].flatMap((kind) =>
    scoreBy(
      judged.filter((each) => (each.junk ? each.chunk.kind !== kind : !isTest(each))),
      judged.filter((each) => (each.junk ? each.chunk.kind === kind : isTest(each))),
    ),
  );
};
