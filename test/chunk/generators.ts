import fc from "fast-check";
import type { Block } from "../../lib/read/reader.ts";

/** Deterministic and cheap: a token for each started four letters of a word, each Chinese character, each other sign. */
export const countTokens = (text: string): number => {
  let count = 0;
  for (const part of text.match(/[\p{Script=Latin}\p{N}]{1,4}|\S/gu) ?? []) count += part.length > 0 ? 1 : 0;
  return count;
};

/** Not additive: what two parts count alone is less than what they count together. */
const countMoreTogether = (text: string): number => Math.floor(text.length / 3);

const words = [
  "kite",
  "thermal",
  "ridge",
  "e.g.",
  "Dr.",
  "3.14",
  "column",
  "of",
  "air,",
  "rising;",
  "Really?!",
  "end.",
];
const chinese = ["鸢群", "上升气流", "，", "。", "！”", "；", "“", "盘旋", "…", "的", "？"];
const odd = [
  "👩‍👩‍👧‍👦",
  "🪁",
  "e\u0301",
  "\u{20000}",
  "가",
  "ﬁ",
  "\u200b",
  "🇩🇪",
  "a".repeat(90),
  "。".repeat(30),
  ".",
];
const gaps = ["", " ", " ", "  ", "\n", "\n\n", "\n \n", "\t", "\u3000"];

const part = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...words) },
  { weight: 5, arbitrary: fc.constantFrom(...chinese) },
  { weight: 2, arbitrary: fc.constantFrom(...odd) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
);

export const mixedText = fc
  .array(fc.tuple(part, fc.constantFrom(...gaps)), { maxLength: 150 })
  .map((parts) => parts.flat().join("").toWellFormed());

const cell = fc
  .oneof(fc.constantFrom("Harbour", "港口", "412", "", "a long cell with many words in it"), part)
  .map((text) => text.replace(/\s+/g, " "));

const tableBlock = fc
  .tuple(
    fc.array(cell, { minLength: 1, maxLength: 4 }),
    fc.array(fc.array(cell, { maxLength: 5 }), { maxLength: 30 }),
    fc.boolean(),
  )
  .map(([header, rows, headed]) => {
    const first = header.join(" | ");
    const lines = [...(headed ? [first] : []), ...rows.map((row) => row.join(" | "))];
    return { kind: "table" as const, text: lines.join("\n"), header: headed ? first : "" };
  });

const headings = fc.constantFrom<readonly string[]>([], ["A"], ["A", "B"], ["C"]);

export const block: fc.Arbitrary<Block> = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: mixedText.map((text) => ({ kind: "text" as const, text, header: "" })) },
      { weight: 1, arbitrary: mixedText.map((text) => ({ kind: "code" as const, text, header: "" })) },
      { weight: 2, arbitrary: tableBlock },
    ),
    fc.constantFrom(null, 1, 2),
    headings,
  )
  .map(([body, page, path]) => ({ ...body, page, headings: path }));

export const blocks = fc.array(block, { maxLength: 8 });

export const options = fc
  .record({
    size: fc.constantFrom(16, 32, 64, 256),
    share: fc.constantFrom(0, 0.125, 0.5),
    maxBytes: fc.constantFrom(256, 1_000, 8_192),
    countTokens: fc.constantFrom(countTokens, countMoreTogether),
  })
  .map(({ share, ...rest }) => ({ ...rest, overlap: Math.floor(rest.size * share) }));
