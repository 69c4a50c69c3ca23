import { describe, expect, it } from "vitest";
import { longDocuments } from "../../bench/chunking/long-documents.ts";
import { coverage, isRelevant } from "../../bench/chunking/measure.ts";
import type { TestSet } from "../../bench/retrieval/data.ts";
import { joinBlocks } from "../../lib/chunk/sections.ts";

const passages = Array.from({ length: 60 }, (_, n) => {
  const text = n % 2 === 0 ? `Passage ${n} tells of kites.` : `第${n}段讲鸢群盘旋。`;
  return { id: `${n}`, group: `g${n}`, text };
});
const set: TestSet = {
  name: "set",
  passages,
  questions: passages.map(({ group, text }, n) => ({
    id: `q${n}`,
    text: `question ${n}`,
    relevant: new Set([group, "gone"]),
    ...(n % 3 === 0 && { answer: text.slice(3, 9) }),
  })),
};

describe("passages joined into long documents", () => {
  it.each(["flat", "paragraphs"] as const)(
    "%s: a question's span is its answer, else its passage",
    (joint) => {
      const { documents, questions } = longDocuments(set, 60, joint);
      expect(documents.length).toBeGreaterThan(2);
      const texts = new Map(documents.map(({ id, blocks }) => [id, joinBlocks(blocks)]));
      expect(questions).toHaveLength(60);
      for (const { text, spans } of questions) {
        const n = Number(text.split(" ")[1]);
        const [span, other] = spans;
        expect(other).toBeUndefined();
        const said = passages[n]!.text;
        expect(texts.get(span!.documentId)?.slice(span!.start, span!.end)).toBe(
          n % 3 === 0 ? said.slice(3, 9) : said,
        );
      }
      for (const { blocks } of documents) expect(blocks.length > 1).toBe(joint === "paragraphs");
    },
  );

  it("are a part of the set, the same each time; what nothing there answers is not asked", () => {
    const some = longDocuments(set, 20, "flat");
    expect(some.questions).toHaveLength(20);
    expect(longDocuments(set, 20, "flat")).toEqual(some);
  });
});

describe("what a hit holds of a span", () => {
  const hit = (charStart: number, charEnd: number, documentId = "d") => ({ documentId, charStart, charEnd });
  const span = { documentId: "d", start: 100, end: 200 };

  it.each([
    ["half of the span", hit(0, 150), true],
    ["less than half of it", hit(0, 149), false],
    ["nothing but a part of it", hit(120, 130), true],
    ["half of the hit lies in it", hit(90, 110), true],
    ["most of the hit lies outside", hit(80, 110), false],
    ["the same place of another document", hit(100, 200, "e"), false],
  ])("%s", (_, some, relevant) => {
    expect(isRelevant(some, span)).toBe(relevant);
  });

  it("counts once, however many hits hold it, over all spans", () => {
    const spans = [span, { documentId: "e", start: 0, end: 300 }];
    expect(coverage([], spans)).toBe(0);
    expect(coverage([hit(50, 150), hit(125, 175)], spans)).toBeCloseTo(75 / 400);
    expect(coverage([hit(0, 500), hit(0, 500, "e")], spans)).toBe(1);
  });
});
