import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { buildPieceTable, idOf, piecesAt } from "../../lib/embed/piece-table.ts";
import { readPieceTable, writePieceTable } from "../../lib/embed/piece-table-file.ts";
import { packTokenizer } from "../../lib/embed/tokenizer.ts";
import { unigramTokenizer } from "../../lib/embed/unigram.ts";

const model = join(import.meta.dirname, "../../models/multilingual-e5-small");
const json = (name: string) => JSON.parse(readFileSync(join(model, name), "utf8"));
const config = json("tokenizer_config.json");
const folder = mkdtempSync(join(tmpdir(), "kettle-unigram-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const found = (vocabulary: readonly (readonly [string, number])[], text: string, start: number) => {
  const pieces: [number, number][] = [];
  piecesAt(buildPieceTable(vocabulary), [...text], start, (id, length) => pieces.push([id, length]));
  return pieces;
};

describe("a table of pieces", () => {
  it("finds every piece that begins at a place, shortest first, lengths in characters", () => {
    const vocabulary = ["a", "abc", "b", "茶", "茶😀", "茶😀s", "😁"].map((piece) => [piece, -1] as const);
    expect(found(vocabulary, "xabcd", 1)).toEqual([
      [0, 1],
      [1, 3],
    ]);
    expect(found(vocabulary, "茶😀sa", 0)).toEqual([
      [3, 1],
      [4, 2],
      [5, 3],
    ]);
    expect(found(vocabulary, "😂", 0)).toEqual([]);
  });

  it("knows each piece's id, of one that is there twice the last, and of nothing else", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 })), (pieces) => {
        const table = buildPieceTable(pieces.map((piece) => [piece, 0]));
        for (const piece of pieces) expect(idOf(table, piece)).toBe(pieces.lastIndexOf(piece));
        expect(idOf(table, `${pieces[0] ?? ""}\u0001`)).toBeUndefined();
        expect(idOf(table, "")).toBeUndefined();
      }),
    );
  });
});

describe("the tokenizer over a table", async () => {
  const packed = (await packTokenizer(join(model, "tokenizer.json")))!;
  const path = join(folder, "tokenizer.table");
  await writePieceTable(path, "source", packed);
  const read = (await readPieceTable(path, "source"))!;
  const library = new Tokenizer(json("tokenizer.json"), config);
  const tokenizer = unigramTokenizer(read.settings, read.table, config);
  const same = (text: string): void => {
    expect(tokenizer.encode(text)).toEqual(library.encode(text));
  };

  it.each([
    "",
    "The black kite circles in thermals above the city.",
    "黑鸢在城市上空盘旋,把猎物 1,234 只看得一清二楚。",
    "<s> special </s> tokens <mask> and <unk> in a text",
    "  ▁ ▁▁ blanks\t\n\u3000and\u200bmore ",
    "ﬁ ㍿ Ω ½ İ ß é é 한글 العربية 😀👩‍👩‍👧 𠀀 \u{1f1e9}\u{1f1ea}",
    "lone \ud800 surrogate",
  ])("gives the library's own tokens of %j", same);

  it("gives the library's own tokens of whatever is written", () => {
    const unit = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("the ", "茶", "汤", "ing", " 1,0", "</s>"),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 30 }), (parts) => same(parts.join(""))),
      { numRuns: 300, seed: 7 },
    );
  });

  it("a file made from another tokenizer.json, or none at all, is not used", async () => {
    expect(await readPieceTable(path, "another")).toBeNull();
    expect(await readPieceTable(join(folder, "none"), "source")).toBeNull();
    writeFileSync(join(folder, "empty"), "");
    expect(await readPieceTable(join(folder, "empty"), "source")).toBeNull();
  });
});
