import type { Piece } from "../chunk/chunker.ts";
import { isDecisive, type MeasureName, measureNames, measures, weighed } from "./registry.ts";
import { subjectOf } from "./subject.ts";
import { fitted } from "./weights.ts";

/** Raised whenever the same piece would get another score or other flags: part of the fingerprint. */
export const qualityVersion = 2;

export type Quality = {
  /** 0 (junk) to 1 (good). */
  readonly quality: number;
  /** Why it is not 1, as short names. */
  readonly flags: readonly string[];
};

export type Measures = Readonly<Record<MeasureName, number>>;

/** Each measure's value for a piece, 0 to 1. */
export const measuresOf = (piece: Piece): Measures => {
  const subject = subjectOf(piece);
  const values = measureNames.map((name) => [name, measures[name].measure(subject)]);
  return Object.fromEntries(values) as Record<MeasureName, number>;
};

export type Weights = {
  readonly bias: number;
  readonly weights: Readonly<Partial<Record<MeasureName, number>>>;
};

/**
 * The probability that a piece is worth keeping, by logistic regression over what is weighed, times 1 − each decisive
 * measure. No weight is negative: a measure can only speak against a piece, so its flags explain what it lost.
 */
export const combine = (values: Measures, { bias, weights }: Weights): number => {
  const against = weighed.reduce((sum, name) => sum + (weights[name] ?? 0) * values[name], -bias);
  return measureNames
    .filter(isDecisive)
    .reduce((score, name) => score * (1 - values[name]), 1 / (1 + Math.exp(against)));
};

/** Three decimals say all there is to say, and keep plans and messages the same on every machine. */
const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** Score and flags of a piece. Pure: the same piece always gets the same. */
export const scoreQuality = (piece: Piece): Quality => {
  const values = measuresOf(piece);
  return {
    quality: rounded(combine(values, fitted)),
    flags: measureNames.filter((name) => values[name] >= measures[name].flagAt),
  };
};
