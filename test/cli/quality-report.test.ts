import { expect, it } from "vitest";
import type { DocumentView } from "../../cli/api-client.ts";
import { formatDocument, formatSummary, summariseQuality } from "../../cli/quality-report.ts";

const view = (key: string, over: Partial<DocumentView> = {}): DocumentView => ({
  id: key,
  key,
  state: "ready",
  revision: "r",
  outdated: false,
  counts: { expected: 10, stored: 8, lowQuality: 1, dropped: 1 },
  updatedAt: 1,
  ...over,
});

it("sums documents up: each chunk counts once, copies have no score, what was never judged is left out", () => {
  const summary = summariseQuality([
    view("a", { quality: { mean: 0.9, flags: { duplicate: 1, boilerplate: 2 } } }),
    view("b", {
      quality: { mean: 0.3, flags: { digits: 1, boilerplate: 1 } },
      counts: { expected: 1, stored: 1, lowQuality: 0, dropped: 0 },
    }),
    view("never"),
  ]);
  expect(summary).toEqual({
    documents: 2,
    chunks: 11,
    lowQuality: 1,
    dropped: 1,
    mean: expect.closeTo((9 * 0.9 + 0.3) / 10, 10),
    flags: { boilerplate: 3, digits: 1, duplicate: 1 },
    worst: [
      { id: "b", key: "b", mean: 0.3 },
      { id: "a", key: "a", mean: 0.9 },
    ],
  });
  expect(formatSummary(summary).split("\n").slice(0, 2)).toEqual([
    "2 documents, 11 chunks: mean quality 0.840, 1 of low quality, 1 dropped",
    "      3  boilerplate",
  ]);
  expect(formatSummary(summariseQuality([]))).toContain("0 documents, 0 chunks: mean quality 0.000");
});

it("shows one document's poor chunks and no others", () => {
  const chunk = { ordinal: 0, quality: 0.9, qualityFlags: [], lowQuality: false, text: "good" };
  const poor = {
    ordinal: 1,
    quality: 0.02,
    qualityFlags: ["boilerplate"],
    lowQuality: true,
    text: "Home\nLog in",
  };
  const text = formatDocument(view("a", { quality: { mean: 0.46, flags: { boilerplate: 1 } } }), [
    chunk,
    poor,
  ]);
  expect(text).toContain("a: ready, 10 chunks, mean quality 0.460");
  expect(text).toContain("#1 0.020 low boilerplate\n  Home Log in");
  expect(text).not.toContain("good");
});
