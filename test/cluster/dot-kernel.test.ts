import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dotProducts, pairProducts } from "../../lib/cluster/dot-kernel.ts";
import { seededRandom } from "../../lib/cluster/random.ts";

const matrix = (rows: number, d: number, seed: number): Float32Array => {
  const random = seededRandom(seed);
  return Float32Array.from({ length: rows * d }, () => 2 * random() - 1);
};

const products = (a: Float32Array, b: Float32Array, d: number): number[][] => {
  const rows: number[][] = [];
  dotProducts(a, b, d, (row, dots) => {
    rows[row] = [...dots];
  });
  return rows;
};

const plainly = (a: Float32Array, b: Float32Array, d: number): number[][] =>
  Array.from({ length: a.length / d }, (_, i) =>
    Array.from({ length: b.length / d }, (_, j) => {
      let sum = 0;
      for (let at = 0; at < d; at++) sum += a[i * d + at]! * b[j * d + at]!;
      return sum;
    }),
  );

describe("dot products of all pairs of rows", () => {
  it("are those of plain arithmetic, for every shape", () => {
    fc.assert(
      fc.property(fc.nat(6), fc.nat(11), fc.integer({ min: 1, max: 21 }), fc.nat(1000), (m, n, d, seed) => {
        const [a, b] = [matrix(m, d, seed), matrix(n, d, seed + 1)];
        const found = products(a, b, d);
        const expected = n === 0 ? [] : plainly(a, b, d);
        expect(found.map((row) => row.length)).toEqual(expected.map((row) => row.length));
        for (const [i, row] of expected.entries())
          for (const [j, dot] of row.entries()) expect(found[i]![j]).toBeCloseTo(dot, 4);
      }),
      { numRuns: 300, seed: 20_261_104 },
    );
  });

  it("do not depend on what was multiplied before, nor on how large it was", () => {
    const [a, b] = [matrix(3, 7, 1), matrix(5, 7, 2)];
    const first = products(a, b, 7);
    products(matrix(2, 384, 3), matrix(3_000, 384, 4), 384);
    expect(products(a, b, 7)).toEqual(first);
    expect(products(matrix(1, 2, 5).fill(0), matrix(9, 2, 6), 2)).toEqual([new Array<number>(9).fill(0)]);
  });

  it("of a row are the same alone and among others", () => {
    const [a, b] = [matrix(4, 33, 1), matrix(9, 33, 2)];
    expect(products(a.slice(33, 66), b.slice(66, 99), 33)[0]![0]).toBe(products(a, b, 33)[1]![2]);
  });

  it("of rows with themselves, and with one more, are the same numbers", () => {
    for (const [n, d] of [
      [0, 3],
      [1, 5],
      [2, 4],
      [7, 33],
      [12, 384],
      [13, 8],
    ] as const) {
      const [a, one] = [matrix(n, d, n), matrix(1, d, 99)];
      const rows = Array.from({ length: n }, (_, row) => a.subarray(row * d, (row + 1) * d));
      const { pairs, withOne } = pairProducts(rows, one);
      expect([...pairs]).toEqual(products(a, a, d).flat());
      expect([...withOne]).toEqual(products(one, a, d).flat());
    }
  });
});
