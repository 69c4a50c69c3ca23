import { columns, joinLines, sentenceEnd } from "../unwrap.ts";
import { leftOf, type Row, rightOf, textOfRow } from "./rows.ts";

/** A line that reaches this share of the width was ended by the margin. */
const fullShare = 0.85;
/** Wide enough that a full line is one of running text, whatever stands around it. */
const wideColumns = 40;
/** More room than this, in usual steps from line to line, parts paragraphs. */
const wideStep = 1.4;

const middle = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

export type RegionText = {
  readonly text: string;
  /** Its last line was ended by the margin. */
  readonly open: boolean;
  /** Its first line is not indented: it may go on where another region was left open. */
  readonly continues: boolean;
};

const isIndented = (row: Row, before: Row, left: number): boolean =>
  leftOf(row) - leftOf(before) > row.size && leftOf(row) - left > row.size;

/**
 * Lines of one region as text: those that only the margin parted are one line again, an indented one begins anew, and an
 * empty line stands where there is more room. Narrow lines are joined only where most reach the margin: a poem is none.
 */
export const textOfRows = (rows: readonly Row[]): RegionText => {
  const left = Math.min(...rows.map(leftOf));
  const width = Math.max(...rows.map(rightOf)) - left;
  const isFull = (row: Row): boolean => rightOf(row) - left >= fullShare * width;
  const running = rows.length > 1 && rows.filter(isFull).length > rows.length / 2;
  const step = middle(rows.slice(1).map((row, at) => row.y - (rows[at]?.y ?? 0)));
  const isApart = (row: Row, before: Row): boolean =>
    row.y - before.y > Math.max(step * wideStep, row.size * 1.5);
  const goesOn = (row: Row, before: Row): boolean =>
    isFull(before) &&
    (running || columns(textOfRow(before)) >= wideColumns) &&
    !isIndented(row, before, left) &&
    !sentenceEnd.test(textOfRow(before));
  const text = rows.reduce((text, row, at) => {
    const [line, before] = [textOfRow(row), rows[at - 1]];
    if (!before) return line;
    if (isApart(row, before)) return `${text}\n\n${line}`;
    return goesOn(row, before) ? joinLines(text, line) : `${text}\n${line}`;
  }, "");
  const [first, last] = [rows[0], rows.at(-1)];
  return {
    text,
    open: last !== undefined && isFull(last) && running && !sentenceEnd.test(text),
    continues: first !== undefined && leftOf(first) - left <= first.size,
  };
};

/** Regions of one section: a sentence that a column's end parted is whole again. */
export const joinRegions = (regions: readonly RegionText[]): string =>
  regions.reduce((text, region, at) => {
    if (at === 0) return region.text;
    return regions[at - 1]?.open && region.continues
      ? joinLines(text, region.text)
      : `${text}\n${region.text}`;
  }, "");
