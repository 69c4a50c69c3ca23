import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dotProducts } from "../../lib/cluster/dot-kernel.ts";
import { nearestRows } from "../../lib/cluster/nearest-kernel.ts";
import { planted } from "./planted.ts";

type Found = readonly [row: number, nearest: number, dot: number];

const nearest = (a: Float32Array, b: Float32Array, d: number): Found[] => {
  const found: Found[] = [];
  nearestRows(a, b, d, (...one) => found.push(one));
  return found;
};

const byComparingAll = (a: Float32Array, b: Float32Array, d: number): Found[] => {
  const found: Found[] = [];
  dotProducts(a, b, d, (row, dots) => {
    const most = Math.max(...dots);
    found.push([row, dots.indexOf(most), most]);
  });
  return found;
};

describe("the nearest rows", () => {
  it("are those of comparing all products, to the last bit, for every shape and however near each other", () => {
    fc.assert(
      fc.property(
        fc.nat(70),
        fc.nat(11),
        fc.integer({ min: 1, max: 70 }),
        fc.constantFrom(2, 0.1, 0.003, 0.00001),
        fc.nat(1_000),
        (m, n, d, spread, seed) => {
          const a = planted({ n: m, k: 2, d, spread, seed }).vectors;
          const b = planted({ n, k: 2, d, spread, seed }).vectors;
          expect(nearest(a, b, d)).toEqual(byComparingAll(a, b, d));
        },
      ),
      { numRuns: 300, seed: 20_261_125 },
    );
  });

  it("are the first of those that are the same", () => {
    const [vector, other] = [Float32Array.of(0.6, 0.8), Float32Array.of(1, 0)];
    const rows = Float32Array.of(...other, ...vector, ...vector, ...other, ...vector);
    expect(nearest(vector, rows, 2).map(([, id]) => id)).toEqual([1]);
  });
});
