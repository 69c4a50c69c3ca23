import type { Box } from "./ocr.ts";

export type Point = readonly [x: number, y: number];

/** A rectangle that may lie aslant: `angle` in radians, of its width's direction, clockwise as pictures count. */
export type Rectangle = {
  readonly centre: Point;
  readonly width: number;
  readonly height: number;
  readonly angle: number;
};

const cross = (o: Point, a: Point, b: Point): number =>
  (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);

const halfHull = (points: readonly Point[]): Point[] => {
  const hull: Point[] = [];
  for (const point of points) {
    for (;;) {
      const [before, last] = [hull.at(-2), hull.at(-1)];
      if (!before || !last || cross(before, last, point) > 0) break;
      hull.pop();
    }
    hull.push(point);
  }
  return hull.slice(0, -1);
};

/** The convex hull by Andrew's monotone chain. */
export const hullOf = (points: readonly Point[]): readonly Point[] => {
  const sorted = points.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
  return sorted.length < 3 ? sorted : [...halfHull(sorted), ...halfHull(sorted.toReversed())];
};

/** Bounds of the hull in axes turned by `angle`. A pixel is one wide, so both sides grow by one. */
const rectangleAt = (hull: readonly Point[], angle: number): Rectangle => {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [x, y] of hull) {
    const u = x * cos + y * sin;
    const v = y * cos - x * sin;
    [left, right] = [Math.min(left, u), Math.max(right, u)];
    [top, bottom] = [Math.min(top, v), Math.max(bottom, v)];
  }
  const [u, v] = [(left + right) / 2, (top + bottom) / 2];
  return {
    centre: [u * cos - v * sin + 0.5, u * sin + v * cos + 0.5],
    width: right - left + 1,
    height: bottom - top + 1,
    angle,
  };
};

/** Beyond this a rectangle is read as one that stands upright, not as one that leans over. */
const quarter = Math.PI / 2;

/** The same rectangle with its angle in (−45°, 45°]. */
const levelled = ({ centre, width, height, angle }: Rectangle): Rectangle => {
  const turns = Math.round(angle / quarter);
  const rest = angle - turns * quarter;
  return turns % 2 === 0
    ? { centre, width, height, angle: rest }
    : { centre, width: height, height: width, angle: rest };
};

/** The smallest rectangle around a convex hull: one of its sides lies along a side of the hull (Freeman & Shapira 1975). */
export const smallestRectangle = (hull: readonly Point[]): Rectangle => {
  let best = rectangleAt(hull, 0);
  for (const [index, [x, y]] of hull.entries()) {
    const [nextX, nextY] = hull[(index + 1) % hull.length] ?? [x, y];
    if (nextX === x && nextY === y) continue;
    const candidate = levelled(rectangleAt(hull, Math.atan2(nextY - y, nextX - x)));
    if (candidate.width * candidate.height < best.width * best.height - 1e-6) best = candidate;
  }
  return best;
};

/** Its upright bounds. */
export const boundsOf = ({ centre: [x, y], width, height, angle }: Rectangle): Box => {
  const [cos, sin] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))];
  const [across, down] = [width * cos + height * sin, width * sin + height * cos];
  return { x: x - across / 2, y: y - down / 2, width: across, height: down };
};

/** Angle of the longest rectangles' middle: that of the page. */
const commonAngle = (rectangles: readonly Rectangle[]): number => {
  const longest = rectangles.toSorted((a, b) => b.width - a.width).slice(0, Math.ceil(rectangles.length / 2));
  const angles = longest.map(({ angle }) => angle).sort((a, b) => a - b);
  return angles[Math.floor(angles.length / 2)] ?? 0;
};

/** The rectangles of a page that was laid down askew, as boxes of the same page laid down straight; only to be ordered. */
export const levelBoxes = (rectangles: readonly Rectangle[]): readonly Box[] => {
  const page = commonAngle(rectangles);
  const [cos, sin] = [Math.cos(page), Math.sin(page)];
  return rectangles.map(({ centre: [x, y], angle, ...size }) =>
    boundsOf({ ...size, centre: [x * cos + y * sin, y * cos - x * sin], angle: angle - page }),
  );
};
