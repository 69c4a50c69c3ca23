import { describe, expect, it } from "vitest";
import { qualityReport } from "../../lib/quality/report.ts";
import { type JudgedDocument, joinSummaries, summariseQuality } from "../../lib/quality/summary.ts";

const scores = (...at: readonly (readonly [bin: number, count: number])[]) =>
  Array.from({ length: 10 }, (_, bin) => at.find(([each]) => each === bin)?.[1] ?? 0);

describe("the report of a document", () => {
  it("counts flags, languages and scores; a copy that was dropped has a flag only", () => {
    const judged = [
      { quality: 0, qualityFlags: ["tooShort", "digits"], language: "und" },
      { quality: 0.39, qualityFlags: ["digits"], language: "en" },
      { quality: 0.4, qualityFlags: [], language: "zh" },
      { quality: 1, qualityFlags: [], language: "zh" },
    ];
    expect(qualityReport(judged, 2)).toEqual({
      mean: 0.448,
      flags: { duplicate: 2, tooShort: 1, digits: 2 },
      languages: { und: 1, en: 1, zh: 2 },
      scores: scores([0, 1], [3, 1], [4, 1], [9, 1]),
    });
  });
});

const document = (key: string, over: Partial<JudgedDocument> = {}): JudgedDocument => ({
  id: key,
  key,
  counts: { expected: 10, stored: 8, lowQuality: 1, dropped: 1 },
  ...over,
});
const boilerplate = document("a", {
  quality: {
    mean: 0.9,
    flags: { duplicate: 1, boilerplate: 2 },
    languages: { en: 8, zh: 1 },
    scores: scores([8, 1], [9, 8]),
  },
});
const digits = document("b", {
  counts: { expected: 1, stored: 1, lowQuality: 0, dropped: 0 },
  quality: { mean: 0.3, flags: { digits: 1, boilerplate: 1 }, languages: { zh: 1 }, scores: scores([3, 1]) },
});
const before = document("c", { quality: { mean: 0.5, flags: {} } });

describe("the summary of documents", () => {
  it("each chunk counts once, copies have no score, what was never judged is left out", () => {
    expect(summariseQuality([boilerplate, digits, document("never")])).toEqual({
      documents: 2,
      chunks: 11,
      stored: 9,
      lowQuality: 1,
      dropped: 1,
      scored: 10,
      mean: expect.closeTo((9 * 0.9 + 0.3) / 10, 10),
      flags: { boilerplate: 3, digits: 1, duplicate: 1 },
      languages: { en: 8, zh: 2 },
      scores: scores([3, 1], [8, 1], [9, 8]),
      worst: [
        { id: "b", key: "b", mean: 0.3 },
        { id: "a", key: "a", mean: 0.9 },
      ],
    });
  });

  it("of no documents is empty, and joins with any", () => {
    const none = summariseQuality([]);
    expect(none).toMatchObject({ documents: 0, chunks: 0, mean: 0, worst: [] });
    expect(joinSummaries(none, summariseQuality([digits]))).toEqual(summariseQuality([digits]));
  });

  it("is the same in pages as in one", () => {
    const whole = summariseQuality([boilerplate, digits, before]);
    const { mean, ...rest } = joinSummaries(
      summariseQuality([boilerplate]),
      summariseQuality([digits, before]),
    );
    expect({ ...rest, mean: expect.closeTo(mean, 10) }).toEqual(whole);
  });

  it("counts documents from before languages and scores were, without these", () => {
    expect(summariseQuality([before])).toMatchObject({ documents: 1, scored: 10, mean: 0.5, languages: {} });
  });

  it("names the ten worst", () => {
    const many = Array.from({ length: 12 }, (_, at) =>
      document(`d${at}`, { quality: { mean: (12 - at) / 12, flags: {} } }),
    );
    const { worst } = summariseQuality(many);
    expect(worst.map(({ key }) => key)).toEqual(
      many
        .map(({ key }) => key)
        .toReversed()
        .slice(0, 10),
    );
  });
});
