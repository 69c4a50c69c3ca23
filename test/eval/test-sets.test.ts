import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSets } from "../../bench/retrieval/data.ts";
import { floodOf } from "../../bench/retrieval/flood.ts";
import { isOfHalf } from "../../bench/retrieval/measure.ts";

const text = Array.from({ length: 200 }, (_, i) => `word${i}`).join(" ");

describe("the Cranfield collection in TREC XML", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "kettle-sets-"));
    writeFileSync(
      join(folder, "cran.all.1400.xml"),
      `<doc><docno>7</docno><title>t</title><text>lift &amp;\ndrag</text></doc>
<doc><docno>8</docno><text>
</text></doc><doc><docno>9</docno><text>${text}</text></doc>`,
    );
    writeFileSync(
      join(folder, "cran.qry.xml"),
      "<xml><top><num> 4</num><title>\nwhat is\nlift\n</title></top></xml>",
    );
    writeFileSync(join(folder, "cranqrel.trec.txt"), "1 0 7 2\n1 0 9 -1\n4 0 9 1\n");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("counts queries in the order of the file, drops empty documents and grades below 1", () => {
    const [set] = readSets(folder);
    expect(set?.questions).toEqual([{ id: "1", text: "what is lift", relevant: new Set(["7"]) }]);
    expect(set?.passages.map(({ id }) => id)).toEqual(["7", "9"]);
    expect(set?.passages[0]?.text).toBe("lift & drag");
  });

  it("comes with its flood: ten copies of each document, one of them unchanged", () => {
    const flood = readSets(folder)[1]!;
    const copies = flood.passages.filter(({ group }) => group === "9");
    expect(copies).toHaveLength(10);
    expect(new Set(copies.map((copy) => copy.id)).size).toBe(10);
    expect(copies.filter((copy) => copy.text === text)).toHaveLength(1);
    for (const copy of copies) {
      const kept = new Set(copy.text.split(" "));
      expect(kept.size).toBeGreaterThan(180);
    }
    expect(readSets(folder)[1]).toEqual(flood);
  });

  it("a folder without a set says what was looked for", () => {
    expect(() => readSets(join(folder, "none"))).toThrow(/cranfield\/cran\.all\.1400\.xml/);
  });
});

describe("a question", () => {
  const questions = Array.from({ length: 400 }, (_, i) => ({
    id: `${i}`,
    text,
    relevant: new Set<string>(),
  }));
  it("is of one half, always the same", () => {
    const tuning = questions.filter((question) => isOfHalf(question, "tuning"));
    expect(tuning.length).toBeGreaterThan(150);
    expect(tuning.length).toBeLessThan(250);
    for (const question of questions)
      expect(isOfHalf(question, "reporting")).toBe(!isOfHalf(question, "tuning"));
    expect(tuning[0]?.id).toBe(questions.filter((question) => isOfHalf(question, "tuning"))[0]?.id);
  });
});

it("a flood of nothing is nothing", () => {
  expect(floodOf({ name: "empty", passages: [], questions: [] }).passages).toEqual([]);
});
