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
      fc.uniqueArray(terms, { maxLength: 8 }),
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
