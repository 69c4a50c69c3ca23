import { expect, it } from "vitest";
import type { DocumentView } from "../../cli/api-client.ts";
import { formatDocument, formatSummary } from "../../cli/quality-report.ts";

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

it("shows what all documents came to: flags, scores, languages, the worst", () => {
  const shown = formatSummary({
    ...{ documents: 2, chunks: 11, stored: 9, lowQuality: 1, dropped: 1, scored: 10, mean: 0.84 },
    flags: { boilerplate: 3, digits: 1 },
    languages: { en: 7, zh: 3 },
    scores: [1, 0, 0, 0, 0, 0, 0, 0, 9, 0],
    worst: [{ id: "b", key: "b.pdf", mean: 0.3 }],
  }).split("\n");
  expect(shown.slice(0, 2)).toEqual([
    "2 documents, 11 chunks: mean quality 0.840, 1 of low quality, 1 dropped",
    "      3  boilerplate",
  ]);
  for (const line of ["0.0–0.1        1", "0.8–0.9        9", "languages: en 7, zh 3", "  0.300  b.pdf"])
    expect(shown).toContain(line);
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
