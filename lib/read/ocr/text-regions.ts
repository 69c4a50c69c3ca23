import { hullOf, type Point, type Rectangle, smallestRectangle } from "./rectangle.ts";

export type ProbabilityMap = {
  /** Row-major `[height, width]`, 0 to 1. */
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
};

/**
 * Values of PaddleOCR's DBPostProcess for PP-OCRv4 (tools/infer/utility.py: det_db_thresh, det_db_box_thresh,
 * det_db_unclip_ratio); Liao et al., *Real-time Scene Text Detection with Differentiable Binarization*, AAAI 2020.
 */
const pixelThreshold = 0.3;
const regionThreshold = 0.6;
const unclipRatio = 1.5;
const leastSide = 3;
/** A picture of noise has no end of regions. */
const mostRegions = 3_000;

type Region = { readonly edge: readonly Point[]; readonly score: number };

/** Calls `visit` with each pixel of the three by three around one that lies in the map. */
const around = (at: number, width: number, height: number, visit: (at: number) => void): void => {
  const x = at % width;
  const y = (at - x) / width;
  const [left, right] = [Math.max(0, x - 1), Math.min(width - 1, x + 1)];
  for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++)
    for (let column = left; column <= right; column++) visit(row * width + column);
};

/** Does a row of the region begin or end here? */
const endsRow = (marked: Uint8Array, at: number, width: number): boolean => {
  const x = at % width;
  return x === 0 || x + 1 === width || !marked[at - 1] || !marked[at + 1];
};

/** Visits a connected region (eight neighbours) and marks it as seen; the ends of its rows are its outline. */
const flood = (
  { data, width, height }: ProbabilityMap,
  marked: Uint8Array,
  start: number,
  stack: Int32Array,
): Region => {
  const edge: Point[] = [];
  let top = 0;
  let sum = 0;
  let count = 0;
  const push = (at: number): void => {
    if (marked[at] !== 1) return;
    marked[at] = 2;
    stack[top++] = at;
  };
  push(start);
  while (top > 0) {
    const at = stack[--top] ?? 0;
    sum += data[at] ?? 0;
    count++;
    if (endsRow(marked, at, width)) edge.push([at % width, Math.floor(at / width)]);
    around(at, width, height, push);
  }
  return { edge, score: sum / count };
};

/** The detector learned shrunken regions; this grows one back (section "Label generation" of the paper). */
const unclip = ({ centre, width, height, angle }: Rectangle): Rectangle => {
  const distance = (width * height * unclipRatio) / (2 * (width + height));
  return { centre, angle, width: width + 2 * distance, height: height + 2 * distance };
};

/** Rectangles around lines of text, in pixels of the map, in the order in which they begin from the top. */
export const textRegions = (map: ProbabilityMap): readonly Rectangle[] => {
  const marked = Uint8Array.from(map.data, (value) => (value > pixelThreshold ? 1 : 0));
  const stack = new Int32Array(marked.length);
  const regions: Rectangle[] = [];
  for (let at = marked.indexOf(1); at !== -1 && regions.length < mostRegions; at = marked.indexOf(1, at)) {
    const { edge, score } = flood(map, marked, at, stack);
    const rectangle = score < regionThreshold ? null : smallestRectangle(hullOf(edge));
    if (rectangle && Math.min(rectangle.width, rectangle.height) >= leastSide)
      regions.push(unclip(rectangle));
  }
  return regions;
};
