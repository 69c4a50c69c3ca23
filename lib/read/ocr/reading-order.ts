import type { Box } from "./ocr.ts";

type Boxed = { readonly box: Box };
type Axis = "x" | "y";

/** A column of prose has lines at least this many line heights wide; narrower ones are cells of a table, read by rows. */
const proseWidth = 6;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const sides = { x: "width", y: "height" } as const;
const start = ({ box }: Boxed, axis: Axis): number => box[axis];
const end = ({ box }: Boxed, axis: Axis): number => box[axis] + box[sides[axis]];

/** The widest gap that no box reaches into, when all are seen along one axis. */
const widestGap = <Item extends Boxed>(items: readonly Item[], axis: Axis) => {
  const sorted = items.toSorted((a, b) => start(a, axis) - start(b, axis));
  let reached = -Infinity;
  let best = { size: 0, at: 0 };
  for (const item of sorted) {
    const size = start(item, axis) - reached;
    if (reached !== -Infinity && size > best.size) best = { size, at: reached + size / 2 };
    reached = Math.max(reached, end(item, axis));
  }
  return best;
};

const isProse = (items: readonly Boxed[], height: number): boolean =>
  items.length > 1 && median(items.map(({ box }) => box.width)) > proseWidth * height;

/** Left to right within a row: items whose middles are nearer than half a line. */
const byRows = <Item extends Boxed>(items: readonly Item[], height: number): readonly Item[][] => {
  const rows: { readonly middle: number; readonly items: Item[] }[] = [];
  for (const item of items.toSorted((a, b) => a.box.y + a.box.height / 2 - (b.box.y + b.box.height / 2))) {
    const middle = item.box.y + item.box.height / 2;
    const row = rows.at(-1);
    if (row && middle - row.middle < height / 2) row.items.push(item);
    else rows.push({ middle, items: [item] });
  }
  return rows.map((row) => row.items.toSorted((a, b) => a.box.x - b.box.x));
};

/**
 * Rows in reading order, by recursive cuts (Nagy & Seth 1984): columns of prose are read one after the other, all else
 * row by row.
 */
export const readingRows = <Item extends Boxed>(items: readonly Item[]): readonly (readonly Item[])[] => {
  const height = median(items.map(({ box }) => box.height));
  const cut = (part: readonly Item[]): readonly Item[][] => {
    if (part.length < 2) return part.length === 0 ? [] : [[...part]];
    const gutter = widestGap(part, "x");
    const left = part.filter((item) => end(item, "x") <= gutter.at);
    const right = part.filter((item) => end(item, "x") > gutter.at);
    if (gutter.size > height && isProse(left, height) && isProse(right, height))
      return [...cut(left), ...cut(right)];
    const gap = widestGap(part, "y");
    if (gap.size <= 0) return byRows(part, height);
    return [
      ...cut(part.filter((item) => end(item, "y") <= gap.at)),
      ...cut(part.filter((item) => end(item, "y") > gap.at)),
    ];
  };
  return cut(items);
};
