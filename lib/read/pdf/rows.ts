import type { Run } from "./runs.ts";

/** Runs on one baseline, from left to right. */
export type Row = { readonly y: number; readonly size: number; readonly runs: readonly Run[] };

/** A table as it is told by where its cells stand; `header` is empty where its first row is one of values. */
export type TableRows = {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
};

/** What a region is made of, from top to bottom. */
export type Part =
  | { readonly kind: "lines"; readonly rows: readonly Row[] }
  | { readonly kind: "table"; readonly table: TableRows };

export const leftOf = (row: Row): number => row.runs[0]?.x ?? 0;
export const rightOf = (row: Row): number => Math.max(...row.runs.map((run) => run.right));
export const textOfRow = (row: Row): string => row.runs.map((run) => run.text).join(" ");

/** Rows of a region; a row's baseline is that of its largest run. */
export const rowsOf = (runs: readonly Run[]): Row[] => {
  const rows: { y: number; size: number; runs: Run[] }[] = [];
  for (const run of runs.toSorted((a, b) => a.y - b.y || a.x - b.x)) {
    const last = rows.at(-1);
    if (last && run.y - last.y <= 0.45 * Math.max(last.size, run.size)) {
      last.runs.push(run);
      if (run.size > last.size) Object.assign(last, { y: run.y, size: run.size });
    } else rows.push({ y: run.y, size: run.size, runs: [run] });
  }
  for (const row of rows) row.runs.sort((a, b) => a.x - b.x);
  return rows;
};

type Column = { from: number; to: number };

/** Intervals that the runs cover, joined where they overlap. */
const columnsOf = (rows: readonly Row[]): Column[] => {
  const columns: Column[] = [];
  for (const run of rows.flatMap((row) => row.runs).sort((a, b) => a.x - b.x)) {
    const last = columns.at(-1);
    if (last && run.x < last.to) last.to = Math.max(last.to, run.right);
    else columns.push({ from: run.x, to: run.right });
  }
  return columns;
};

const cellsOf = (row: Row, columns: readonly Column[]): string[] =>
  columns.map(({ from, to }) =>
    row.runs
      .filter((run) => run.x >= from && run.x < to)
      .map((run) => run.text)
      .join(" "),
  );

const isValue = (cell: string): boolean => /^[\s\d.,:%+\-–−()/$€£¥]*$/.test(cell) && /\d/.test(cell);

/** Lines of one cell: a row without a first cell, close below another, goes on with that one's cells. */
const withWrapped = (rows: readonly Row[], columns: readonly Column[]): string[][] => {
  const cells: string[][] = [];
  let before: Row | null = null;
  for (const row of rows) {
    const own = cellsOf(row, columns);
    const above = cells.at(-1);
    const close = before !== null && row.y - before.y <= 1.35 * Math.max(row.size, before.size);
    if (above && close && own[0] === "" && cells.length > 1)
      cells[cells.length - 1] = above.map((cell, i) => [cell, own[i]].filter(Boolean).join(" "));
    else cells.push(own);
    before = row;
  }
  return cells;
};

const tableOf = (rows: readonly Row[]): TableRows | null => {
  const many = rows.filter((row) => row.runs.length > 1).length;
  if (many < 3) return null;
  const columns = columnsOf(rows);
  if (columns.length < 2) return null;
  const cells = withWrapped(rows, columns);
  const filled = cells.flat().filter((cell) => cell !== "").length;
  if (filled < 0.55 * cells.length * columns.length) return null;
  const [first = [], ...rest] = cells;
  return first.some(isValue) || first.some((cell) => cell === "")
    ? { header: [], rows: cells }
    : { header: first, rows: rest };
};

/** Ends of stretches of rows that may be a table: rows of several runs, and lone runs between two of them. */
const stretchEnd = (rows: readonly Row[], from: number): number => {
  let end = from;
  for (let at = from; at < rows.length && at - end <= 1; at++) {
    const [row, before] = [rows[at], rows[at - 1]];
    if (!row) break;
    if (at > from && before && row.y - before.y > 3 * Math.max(row.size, before.size)) break;
    if (row.runs.length > 1) end = at + 1;
  }
  return end;
};

/**
 * Tells tables from lines of text: at least three rows of several runs that stand in columns. What stands in columns by
 * chance, such as a list with wide numbers, is read row by row all the same.
 */
export const partsOf = (rows: readonly Row[]): readonly Part[] => {
  const parts: Part[] = [];
  let lines: Row[] = [];
  const flush = (): void => {
    if (lines.length > 0) parts.push({ kind: "lines", rows: lines });
    lines = [];
  };
  for (let at = 0; at < rows.length; ) {
    const row = rows[at];
    if (!row) break;
    const end = row.runs.length > 1 ? stretchEnd(rows, at) : at;
    const table = end - at >= 3 ? tableOf(rows.slice(at, end)) : null;
    if (table === null) {
      lines.push(row);
      at++;
      continue;
    }
    flush();
    parts.push({ kind: "table", table });
    at = end;
  }
  flush();
  return parts;
};
