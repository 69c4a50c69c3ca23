import { describe, expect, it } from "vitest";
import { mapPoints } from "../../lib/cluster/map-points.ts";
import { atAngles, planted } from "./planted.ts";

const { signal } = new AbortController();
const d = 24;
const groups = 4;
const { vectors, truth } = planted({ n: 160, k: groups, d, spread: 0.8, seed: 3 });

const squared = (places: Float32Array, a: number, b: number): number =>
  (places[2 * a]! - places[2 * b]!) ** 2 + (places[2 * a + 1]! - places[2 * b + 1]!) ** 2;

describe("a map of vectors", () => {
  it("has beside each vector one of its own group", async () => {
    const places = await mapPoints(vectors, d, { seed: 1, signal });
    const others = (row: number) => [...truth.keys()].filter((other) => other !== row);
    const nearest = (row: number) =>
      others(row).reduce((a, b) => (squared(places, row, b) < squared(places, row, a) ? b : a));
    const right = [...truth.keys()].filter((row) => truth[nearest(row)] === truth[row]).length;
    expect(right / truth.length).toBeGreaterThan(0.97);
  });

  it("fills the square from −1 to 1 in its longer direction, centred", async () => {
    const places = await mapPoints(vectors, d, { seed: 1, signal });
    const axis = (start: 0 | 1) => [...places].filter((_, i) => i % 2 === start);
    const reach = [axis(0), axis(1)].map((values) => [Math.min(...values), Math.max(...values)] as const);
    for (const [least, most] of reach) expect(least + most).toBeCloseTo(0, 5);
    expect(Math.max(...reach.map(([, most]) => most))).toBeCloseTo(1, 5);
  });

  it("is the same for the same seed, another for another", async () => {
    const draw = (seed: number) => mapPoints(vectors, d, { seed, signal });
    expect(await draw(5)).toEqual(await draw(5));
    expect(await draw(5)).not.toEqual(await draw(6));
  });

  it.each([0, 1, 2, 4, 5, 6])("of %i vectors has as many places, all within the square", async (n) => {
    const angles = Array.from({ length: n }, (_, i) => 20 * i);
    const places = await mapPoints(atAngles(...angles), 2, { seed: 1, signal });
    expect(places).toHaveLength(2 * n);
    for (const place of places) expect(Math.abs(place)).toBeLessThanOrEqual(1 + 1e-6);
  });

  it("of vectors that are all the same has finite places", async () => {
    const places = await mapPoints(atAngles(...new Array<number>(30).fill(45)), 2, { seed: 1, signal });
    expect(places.every(Number.isFinite)).toBe(true);
  });

  it("an abort ends it, before and in the middle", async () => {
    await expect(
      mapPoints(vectors, d, { seed: 1, signal: AbortSignal.abort(new Error("enough")) }),
    ).rejects.toThrow("enough");
    const stop = new AbortController();
    const drawing = mapPoints(vectors, d, { seed: 1, signal: stop.signal });
    setImmediate(() => stop.abort(new Error("enough")));
    await expect(drawing).rejects.toThrow("enough");
  });
});
