import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Products } from "../../lib/cluster/products.ts";
import { sweep } from "../../lib/cluster/products.ts";
import { seededRandom } from "../../lib/cluster/random.ts";

export const matrix = (rows: number, d: number, seed: number): Float32Array => {
  const random = seededRandom(seed);
  return Float32Array.from({ length: rows * d }, () => 2 * random() - 1);
};

const plainly = (a: Float32Array, b: Float32Array, d: number): number[] =>
  Array.from({ length: a.length / d }, (_, i) => i).flatMap((i) =>
    Array.from({ length: b.length / d }, (_, j) => {
      let sum = 0;
      for (let at = 0; at < d; at++) sum += a[i * d + at]! * b[j * d + at]!;
      return sum;
    }),
  );

/** What every driver of the Products port must do. */
export const productsContract = (name: string, make: () => Promise<Products>): void => {
  describe(`matrix products contract: ${name}`, () => {
    it("are those of plain arithmetic, for every shape", async () => {
      const products = await make();
      await fc.assert(
        fc.asyncProperty(
          fc.nat(6),
          fc.nat(11),
          fc.integer({ min: 1, max: 21 }),
          fc.nat(99),
          async (m, n, d, seed) => {
            const [a, b] = [matrix(m, d, seed), matrix(n, d, seed + 1)];
            const found = await products(a, b, d);
            const expected = plainly(a, b, d);
            expect(found.length).toBe(expected.length);
            for (const [at, dot] of expected.entries()) expect(found[at]).toBeCloseTo(dot, 4);
          },
        ),
        { numRuns: 100, seed: 20_261_125 },
      );
    });

    it("of the same input are the same, bit for bit, and parts of a matrix may be given", async () => {
      const products = await make();
      const [a, b] = [matrix(50, 24, 1), matrix(30, 24, 2)];
      const first = await products(a, b, 24);
      await products(matrix(9, 24, 3), matrix(200, 24, 4), 24);
      expect(await products(a, b, 24)).toEqual(first);
      const part = await products(a.subarray(24 * 10, 24 * 20), b, 24);
      for (const [at, dot] of part.entries()) expect(dot).toBeCloseTo(first[300 + at]!, 5);
    });

    it("come block after block, until an abort", async () => {
      const products = await make();
      // 600 × 1,024 rows of 512: more than one block.
      const [a, b] = [matrix(600, 512, 5), matrix(1_024, 512, 6)];
      const seen: number[] = [];
      await sweep(a, b, { d: 512, products }, (from, block) => {
        seen.push(from);
        expect(block[0]).toBeCloseTo(
          plainly(a.subarray(from * 512, (from + 1) * 512), b.subarray(0, 512), 512)[0]!,
          3,
        );
      });
      expect(seen.length).toBeGreaterThan(1);
      const stop = new AbortController();
      const visit = () => stop.abort(new Error("enough"));
      await expect(sweep(a, b, { d: 512, products, signal: stop.signal }, visit)).rejects.toThrow("enough");
    });
  });
};
