import { expect, test } from "vitest";
import { auc } from "../../bench/quality/auc.ts";
import { foldOf, folds } from "../../bench/quality/folds.ts";
import { pieceOf, readSet } from "../../bench/quality/labelled-set.ts";
import { fitLogistic } from "../../bench/quality/logistic.ts";
import { makeSet } from "../../bench/quality/make.ts";
import { scoreQuality } from "../../lib/quality/quality.ts";

test("the labelled set is what its script makes of its seeds: 400 chunks and more, half of each, both languages", () => {
  const set = readSet();
  expect(set).toEqual(makeSet());
  expect(set.length).toBeGreaterThanOrEqual(400);
  const share = (wanted: (chunk: (typeof set)[number]) => boolean) => set.filter(wanted).length / set.length;
  expect(share(({ label }) => label === "junk")).toBeCloseTo(0.5, 1);
  expect(share(({ language }) => language === "zh")).toBeCloseTo(0.5, 1);
});

test("chunks made of the same text are in the same fold, and no fold is small", () => {
  const set = readSet();
  const sizes = Array.from(
    { length: folds },
    (_, fold) => set.filter((chunk) => foldOf(chunk) === fold).length,
  );
  expect(Math.min(...sizes)).toBeGreaterThan(set.length / folds / 2);
  const [first] = set.filter(({ kind }) => kind === "hidden");
  const from = set.find(({ source, kind }) => source === first?.source && kind === "prose");
  expect(foldOf(from!)).toBe(foldOf(first!));
});

test("the weights that ship part the set they were fitted on", () => {
  const scored = readSet().map((chunk) => ({
    score: scoreQuality(pieceOf(chunk)).quality,
    junk: chunk.label === "junk",
  }));
  expect(auc(scored)).toBeGreaterThan(0.98);
});

test.each([
  ["perfect", [0.1, 0.2, 0.8, 0.9], [true, true, false, false], 1],
  ["reversed", [0.9, 0.8, 0.2, 0.1], [true, true, false, false], 0],
  ["all tied", [0.5, 0.5, 0.5, 0.5], [true, false, true, false], 0.5],
  ["one pair of four wrong", [0.1, 0.6, 0.5, 0.9], [true, true, false, false], 0.75],
])("AUC of a score that is %s", (_, scores, junk, expected) => {
  expect(auc(scores.map((score, i) => ({ score, junk: junk[i]! })))).toBeCloseTo(expected, 10);
});

test("a fit finds the measure that matters and gives none a negative weight", () => {
  const xs = Array.from({ length: 40 }, (_, i) => [i % 2, (i >> 1) % 2, 1 - (i % 2)]);
  const { weights } = fitLogistic(
    xs,
    xs.map(([first]) => first === 1),
  );
  expect(weights[0]).toBeGreaterThan(2);
  expect(weights[1]).toBeCloseTo(0, 1);
  expect(weights[2]).toBe(0);
});
