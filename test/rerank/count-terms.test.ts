import fc from "fast-check";
import { expect, it } from "vitest";
import { countTerms } from "../../lib/rerank/count-terms.ts";

const plainly = (text: string, term: string): number => text.split(term).length - 1;

/** Few letters, so that terms do stand in texts, overlap each other and themselves; also of two and three bytes. */
const texts = (options: { minLength: number; maxLength: number }) =>
  fc
    .array(fc.constantFrom("a", "b", " ", "é", "茶", "水", "\u{1f375}"), options)
    .map((letters) => letters.join(""));

it("counts what indexOf finds, in every text, whatever the neighbours", () => {
  const terms = texts({ minLength: 1, maxLength: 6 }).filter((term) => Buffer.byteLength(term) >= 3);
  fc.assert(
    fc.property(
      fc.uniqueArray(terms, { maxLength: 20 }),
      fc.array(texts({ minLength: 0, maxLength: 40 }), { maxLength: 6 }),
      (some, all) => {
        const counts = countTerms(some, all);
        const expected = some.flatMap((term) => all.map((text) => plainly(text, term)));
        expect([...counts]).toEqual(expected);
      },
    ),
    { numRuns: 500, seed: 20_261_125 },
  );
});

it("counts in long texts, wherever a term stands in them and however many follow each other", () => {
  const filler = (length: number): string => "kite ".repeat(Math.ceil(length / 5)).slice(0, length);
  const all = Array.from({ length: 24 }, (_, i) => `${filler(32_750 + i)}needle${filler(40_000)}needle`);
  const terms = ["needle", "kite kite", "dlek", "e n"];
  const expected = terms.flatMap((term) => all.map((text) => plainly(text, term)));
  expect([...countTerms(terms, all)]).toEqual(expected);
});
