import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Embedder } from "../../lib/embed/embedder.ts";

const texts = [
  "The black kite circles in thermals above the city.",
  "黑鸢借着上升的热气流在城市上空盘旋。",
  "Invoices are due within thirty days.",
  "kite",
];

const cosine = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] ?? Number.NaN), 0);

/** What every driver of the Embedder port must do. */
export const embedderContract = (name: string, make: () => Promise<Embedder>): void => {
  describe(`embedder contract: ${name}`, { timeout: 60_000 }, () => {
    let embedder: Embedder;
    beforeAll(async () => {
      embedder = await make();
    }, 60_000);
    afterAll(() => embedder.close());

    const rows = (vectors: Float32Array): Float32Array[] =>
      Array.from({ length: vectors.length / embedder.dimension }, (_, i) =>
        vectors.subarray(i * embedder.dimension, (i + 1) * embedder.dimension),
      );

    it("names its model, its dimension and an identity of 32 hex characters", () => {
      expect(embedder.model).not.toBe("");
      expect(embedder.dimension).toBeGreaterThan(0);
      expect(embedder.identity).toMatch(/^[0-9a-f]{32}$/);
    });

    it.each(["passage", "query"] as const)("a %s becomes a vector of unit length", async (kind) => {
      for (const vector of rows(await embedder.embed(texts, kind)))
        expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
    });

    it("a text has the same vector alone, in a batch, in another order and among calls at once", async () => {
      const alone = await Promise.all(texts.map((text) => embedder.embed([text], "passage")));
      const batch = rows(await embedder.embed(texts, "passage"));
      const reversed = rows(await embedder.embed([...texts].reverse(), "passage")).reverse();
      expect(batch.map((v) => [...v])).toEqual(alone.map((v) => [...v]));
      expect(reversed.map((v) => [...v])).toEqual(alone.map((v) => [...v]));
    });

    it("no texts give no vectors", async () => {
      expect(await embedder.embed([], "passage")).toEqual(new Float32Array(0));
    });

    it.each([
      ["an empty text", ""],
      ["blanks", " \n\t "],
      ["control characters and half a surrogate pair", "\u0000\u0007\ud83d"],
    ])("%s has a vector too", async (_, text) => {
      const vector = await embedder.embed([text], "passage");
      expect(vector).toHaveLength(embedder.dimension);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
    });

    it("a text beyond the window is cut, not refused", async () => {
      const long = "kites ".repeat(20_000);
      const [cut, other] = rows(await embedder.embed([long, `${long}and something else`], "passage"));
      expect([...(cut ?? [])]).toEqual([...(other ?? [])]);
    });

    it("texts that share words are nearer than texts that share nothing", async () => {
      const [one, same, other] = rows(
        await embedder.embed(
          ["Kites nest on tall trees.", "Kites nest on tall buildings.", "Invoices are due monthly."],
          "passage",
        ),
      ) as [Float32Array, Float32Array, Float32Array];
      expect(cosine(one, same)).toBeGreaterThan(cosine(one, other));
    });

    it("input is left alone", async () => {
      const input = Object.freeze(["a", "b"]);
      await embedder.embed(input, "query");
      expect(input).toEqual(["a", "b"]);
    });
  });
};
