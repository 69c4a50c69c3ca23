import { describe, expect, test } from "vitest";
import { bandsOf } from "../../../lib/read/ocr/bands.ts";
import { decodeCtc } from "../../../lib/read/ocr/ctc.ts";
import { readingRows } from "../../../lib/read/ocr/reading-order.ts";
import { hullOf, levelBoxes, smallestRectangle } from "../../../lib/read/ocr/rectangle.ts";

const item = (name: string, x: number, y: number, width: number, height = 20) => ({
  name,
  box: { x, y, width, height },
});
const order = (items: readonly ReturnType<typeof item>[]) =>
  readingRows(items).map((row) => row.map(({ name }) => name).join(" "));

describe("reading order", () => {
  test("a title, then the left column, then the right one", () => {
    const left = [0, 1, 2].map((line) => item(`l${line}`, 0, 60 + 30 * line, 400));
    const right = [0, 1, 2].map((line) => item(`r${line}`, 450, 62 + 30 * line, 400));
    expect(order([...right, ...left, item("title", 0, 0, 800)])).toEqual([
      "title",
      "l0",
      "l1",
      "l2",
      "r0",
      "r1",
      "r2",
    ]);
  });

  test("narrow cells are read by rows", () => {
    const cells = [0, 1].flatMap((row) => [
      item(`a${row}`, 0, 40 * row, 60),
      item(`b${row}`, 300, 40 * row + 3, 60),
    ]);
    expect(order(cells.toReversed())).toEqual(["a0 b0", "a1 b1"]);
  });

  test("lines of a page that was laid down askew are put level before they are ordered", () => {
    const angle = 0.2;
    const line = (y: number, x: number) => ({
      centre: [x * Math.cos(angle) - y * Math.sin(angle), x * Math.sin(angle) + y * Math.cos(angle)] as const,
      width: 300,
      height: 20,
      angle,
    });
    const boxes = levelBoxes([line(10, 150), line(10, 500), line(40, 150)]);
    expect(boxes.map(({ y }) => Math.round(y))).toEqual([0, 0, 30]);
  });
});

describe("bandsOf", () => {
  test("a page is looked at as a whole", () => {
    expect(bandsOf({ width: 2480, height: 3508 }, 1536)).toEqual([
      { top: 0, height: 3508, from: 0, to: 3508 },
    ]);
  });

  test.each([
    [1080, 20_000],
    [600, 1_600],
    [100, 5_000],
    [1080, 2_200],
  ])("a picture of %i × %i falls into bands that own every row once, with room around", (width, height) => {
    const bands = bandsOf({ width, height }, 1536);
    expect(bands[0]?.from).toBe(0);
    expect(bands.at(-1)?.to).toBe(height);
    for (const [index, band] of bands.entries()) {
      const after = bands[index + 1];
      expect(band.height).toBeGreaterThan(0);
      expect(band.top + band.height).toBeLessThanOrEqual(height);
      if (!after) continue;
      expect(after.from).toBe(band.to);
      expect(band.top + band.height - band.to).toBeGreaterThan(60);
      expect(after.from - after.top).toBeGreaterThan(60);
    }
  });
});

describe("smallestRectangle", () => {
  test("finds the rectangle of a slanted set of points", () => {
    const [cos, sin] = [Math.cos(0.3), Math.sin(0.3)];
    const points = [0, 100].flatMap((u) =>
      [0, 10].map((v) => [50 + u * cos - v * sin, 50 + u * sin + v * cos] as const),
    );
    const { width, height, angle } = smallestRectangle(hullOf(points));
    expect(width).toBeCloseTo(101, 3);
    expect(height).toBeCloseTo(11, 3);
    expect(angle).toBeCloseTo(0.3, 6);
  });
});

describe("decodeCtc", () => {
  const characters = ["a", "b", "中", ".", " "];
  /** Each step is the probability of each class, blank first. */
  const steps = (...rows: readonly (readonly number[])[]) => Float32Array.from(rows.flat());
  const sure = (index: number) => [0, 1, 2, 3, 4, 5].map((at) => (at === index ? 1 : 0));
  const perhapsSpace = [0.9, 0, 0, 0, 0, 0.1];
  const decode = (...rows: readonly (readonly number[])[]) =>
    decodeCtc(steps(...rows), 6, { characters, allowed: null }).text;

  test("repeats are one character, a blank between them makes two", () => {
    expect(decode(sure(1), sure(1), sure(0), sure(1))).toBe("aa");
  });
  test("a likely space parts words, though nothing is likelier", () => {
    expect(decode(sure(1), perhapsSpace, sure(2))).toBe("a b");
  });
  test("neither Chinese nor a full stop is parted from what stands before", () => {
    expect(decode(sure(1), perhapsSpace, sure(3), perhapsSpace, sure(1), perhapsSpace, sure(4))).toBe(
      "a中a.",
    );
  });
  test("confidence is the mean of the characters' probabilities", () => {
    const { confidence } = decodeCtc(steps([0.4, 0.6, 0, 0, 0, 0], sure(2)), 6, {
      characters,
      allowed: null,
    });
    expect(confidence).toBeCloseTo(0.8, 6);
  });
});
