import type { Run } from "./runs.ts";

/** Runs that are read one line after the other. */
export type Region = readonly Run[];

type Gutter = { readonly from: number; readonly to: number };

/** Lines that a column has at least; fewer are a table, a form or a list. */
const leastLines = 3;
/** Letters of its middle line: a column of text is no column of cells. A Chinese character counts for two. */
const leastLetters = 14;
/** Share of its width that its lines fill. */
const leastFill = 0.5;
/** How far ahead the beginning of columns is looked for. */
const lookAhead = 8;

const letters = (text: string): number =>
  text.length + (text.match(/[\u2e80-\u9fff\uac00-\ud7a3]/g)?.length ?? 0);

const middle = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const isColumn = (runs: readonly Run[], width: number): boolean => {
  if (runs.length < leastLines) return false;
  const from = Math.min(...runs.map((run) => run.x));
  const to = Math.max(...runs.map((run) => run.right));
  return (
    to - from >= width * 0.15 &&
    middle(runs.map((run) => letters(run.text))) >= leastLetters &&
    middle(runs.map((run) => run.right - run.x)) >= (to - from) * leastFill
  );
};

/** White space from top to bottom of the runs, with text on both sides. */
const gapsOf = (runs: readonly Run[]): Gutter[] => {
  const sorted = runs.toSorted((a, b) => a.x - b.x);
  const least = middle(runs.map((run) => run.size)) * 0.8;
  const gaps: Gutter[] = [];
  let to = sorted[0]?.right ?? 0;
  for (const run of sorted) {
    if (run.x - to >= least) gaps.push({ from: to, to: run.x });
    to = Math.max(to, run.right);
  }
  return gaps.sort((a, b) => b.to - b.from - (a.to - a.from));
};

const gutterOf = (runs: readonly Run[], width: number): Gutter | null => {
  if (runs.length < 2 * leastLines) return null;
  return (
    gapsOf(runs).find(
      ({ from, to }) =>
        isColumn(
          runs.filter((run) => run.right <= from),
          width,
        ) &&
        isColumn(
          runs.filter((run) => run.x >= to),
          width,
        ),
    ) ?? null
  );
};

const crosses = (run: Run, { from, to }: Gutter): boolean => {
  const centre = (from + to) / 2;
  return run.x < centre && run.right > centre;
};

type Band = { readonly runs: readonly Run[]; readonly gutter: Gutter | null };

/** Below a wide gap, text on both sides that stands in no columns: a table under the columns of a page. */
const endsColumns = (gutter: Gutter, last: Run, ahead: readonly Run[], width: number): boolean => {
  const [run] = ahead;
  if (!run || run.y - last.y < 1.8 * Math.max(run.size, last.size)) return false;
  const centre = (gutter.from + gutter.to) / 2;
  const both = ahead.some((other) => other.right < centre) && ahead.some((other) => other.x > centre);
  return both && ahead.length >= 2 * leastLines && gutterOf(ahead, width) === null;
};

/** Columns begin below what has none. */
const beginsColumns = (band: readonly Run[], ahead: readonly Run[], width: number): boolean =>
  band.length > 0 && gutterOf(ahead, width) !== null && gutterOf([...band, ...ahead], width) === null;

/** Bands from top to bottom; within each, columns are the same all the way down. */
const bandsOf = (runs: readonly Run[], width: number): readonly Band[] => {
  const sorted = runs.toSorted((a, b) => a.y - b.y || a.x - b.x);
  const bands: Band[] = [];
  let band: Run[] = [];
  let gutter: Gutter | null = null;
  const close = (): void => {
    if (band.length > 0) bands.push({ runs: band, gutter });
    band = [];
    gutter = null;
  };
  for (const [at, run] of sorted.entries()) {
    const ahead = sorted.slice(at, at + lookAhead);
    const last = band.at(-1);
    const ends =
      gutter === null
        ? beginsColumns(band, ahead, width)
        : crosses(run, gutter) || (last !== undefined && endsColumns(gutter, last, ahead, width));
    if (ends) close();
    band.push(run);
    gutter ??= gutterOf(band, width);
  }
  close();
  return bands;
};

/**
 * Regions in reading order: bands of columns from top to bottom, columns from left to right, each of them cut the same
 * way again. After the recursive X-Y cut (Nagy & Seth 1984), made for text: what runs across columns ends a band, and only
 * what is filled with lines of text is a column.
 * @param width of the page
 */
export const readingOrder = (runs: readonly Run[], width: number): readonly Region[] =>
  bandsOf(runs, width).flatMap((band) => {
    if (band.gutter === null) return [band.runs];
    const centre = (band.gutter.from + band.gutter.to) / 2;
    return [
      ...readingOrder(
        band.runs.filter((run) => run.x < centre),
        width,
      ),
      ...readingOrder(
        band.runs.filter((run) => run.x >= centre),
        width,
      ),
    ];
  });
