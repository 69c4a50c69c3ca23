import { describe, expect, it } from "vitest";
import { formatAnswer } from "../../cli/print-answer.ts";
import { displayWidth } from "../../cli/progress.ts";
import type { SearchAnswer, SearchHit } from "../../lib/steps/search.ts";

const hit = (id: string, change: Partial<SearchHit> = {}): SearchHit => ({
  id,
  rank: 1,
  score: 0.9,
  text: `text of ${id}`,
  modality: "text",
  documentId: "d",
  key: `${id}.md`,
  page: null,
  heading: "",
  charStart: 0,
  charEnd: 1,
  clusterId: 0,
  clusterDistance: 0,
  quality: 1,
  metadata: {},
  ...change,
});

const answer = (hits: readonly SearchHit[], change: Partial<SearchAnswer> = {}): SearchAnswer => ({
  hits,
  clusters: [{ id: 0, size: hits.length, centerDistance: 0.1, hitIds: hits.map(({ id }) => id) }],
  clusterVersion: 0,
  tokens: 10,
  plainTokens: 20,
  timings: { embedMs: 1, searchMs: 1, clusterMs: 1, rerankMs: 1, totalMs: 12.4 },
  ...change,
});

describe("an answer as people read it", () => {
  it("has of a parent the chunk that was found best, not its beginning", () => {
    const child = { id: "a", score: 0.9, charStart: 0, charEnd: 9 };
    const children = [
      { ...child, start: 15, end: 23 },
      { ...child, id: "b", start: 0, end: 6 },
    ];
    const lines = formatAnswer(
      "why?",
      answer([hit("a", { text: "before, after, here, on", children })]),
    ).split("\n");
    expect(lines.map((line) => line.trim())).toContain("here, on");
  });

  it("has the passages of a cluster together, with rank, place, score and excerpt", () => {
    const hits = [
      hit("a", { rank: 1, score: 0.912, page: 3, heading: "Tea › Water" }),
      hit("b", { rank: 2 }),
      hit("c", { rank: 3, clusterId: -1 }),
    ];
    const text = formatAnswer(
      "why?",
      answer(hits, {
        clusters: [
          { id: 7, size: 5, centerDistance: 0.1, hitIds: ["a", "b"] },
          { id: -1, size: 1, centerDistance: 0.3, hitIds: ["c"] },
        ],
      }),
      { columns: 60, terms: new Map([[7, ["tea", "water"]]]) },
    );
    expect(text.split("\n").map((line) => line.trimEnd())).toEqual([
      "why?",
      "",
      "● Cluster 7: tea, water · 2 passages of 5",
      "   1 a.md › p. 3 › Tea › Water                        0.912",
      "     text of a",
      "   2 b.md                                             0.900",
      "     text of b",
      "",
      "● On its own",
      "   3 c.md                                             0.900",
      "     text of c",
      "",
      "3 passages in 2 groups · 10 tokens (plain top-k: 20) · 12 ms",
    ]);
  });

  it("no line is wider than the terminal, in Chinese neither", () => {
    const long = hit("a", {
      key: `${"长".repeat(80)}.md`,
      text: "绿茶用沸水冲泡会发苦,因为高温让儿茶素析出得太快。".repeat(20),
    });
    const lines = formatAnswer("为什么?", answer([long]), { columns: 40 })
      .split("\n")
      .slice(1, -1);
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(40);
    expect(lines.filter((line) => line.startsWith("     "))).toHaveLength(3);
  });

  it("says that nothing was found", () => {
    expect(formatAnswer("why?", answer([], { clusters: [] }))).toContain("Nothing found.");
  });
});

it("an answer says where else the same is said", () => {
  const alsoIn = [1, 2].map((n) => ({ id: `${n}`, documentId: "x", key: "old.md", page: null }));
  const text = formatAnswer("why?", answer([hit("a", { duplicates: 2, alsoIn })]), { columns: 60 });
  expect(text).toContain("     and 2 copies in old.md\n     text of a");
});
