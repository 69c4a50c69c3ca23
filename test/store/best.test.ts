import fc from "fast-check";
import { expect, it } from "vitest";
import { bestOf } from "../../lib/store/embedded/best.ts";

it("gives the largest scores and all ties of the last, whatever their order", () => {
  const scores = fc.array(fc.constantFrom(-1, -0.5, 0, 0.25, 0.5, 0.75, 1), { maxLength: 60 });
  fc.assert(
    fc.property(scores, fc.integer({ min: 1, max: 70 }), (list, limit) => {
      const sorted = list.toSorted((a, b) => b - a);
      const least = sorted[limit - 1] ?? Number.NEGATIVE_INFINITY;
      const expected = list.flatMap((score, i) => (score >= least ? [i] : []));
      expect(bestOf(Float64Array.from(list), limit)).toEqual(expected);
    }),
  );
});

it("gives nothing for a limit of 0", () => {
  expect(bestOf(Float64Array.of(1, 2), 0)).toEqual([]);
});
