import type { Block } from "./reader.ts";

/** Blocks stay small enough to be looked at one by one; each starts with the header again. */
const mostRows = 200;
const mostChars = 64 * 1024;

/** One row as text: cells on one line, separated so that people and models see the columns. */
export const rowText = (cells: readonly string[]): string =>
  cells
    .map((cell) => cell.replace(/\s+/g, " ").trim())
    .join(" | ")
    .trim();

const isNumber = (cell: string): boolean => /^[\s$€£¥+-]*\d[\d\s.,%:/-]*$/.test(cell);

/** A header names columns: it has words, and nothing that is a number. */
export const isHeader = (cells: readonly string[]): boolean =>
  cells.length > 1 && cells.some((cell) => cell.trim() !== "") && !cells.some(isNumber);

const isBlank = (row: string): boolean => /^[\s|]*$/.test(row);

/** A growing table: rows go in, blocks come out; nothing else is held. */
export const tableWriter = (place: Pick<Block, "page" | "headings">, header: string) => {
  const blocks: Block[] = [];
  let rows: string[] = [];
  let chars = 0;
  const flush = (): void => {
    if (rows.length === 0) return;
    const lines = header === "" ? rows : [header, ...rows];
    blocks.push({ kind: "table", text: lines.join("\n"), header, ...place });
    rows = [];
    chars = 0;
  };
  return {
    row: (row: string): void => {
      if (isBlank(row)) return;
      if (rows.length >= mostRows || chars + row.length > mostChars) flush();
      rows.push(row);
      chars += row.length + 1;
    },
    /** A table of nothing but a header still has its words. */
    blocks: (): readonly Block[] => {
      flush();
      if (blocks.length === 0 && !isBlank(header))
        blocks.push({ kind: "table", text: header, header, ...place });
      return blocks;
    },
  };
};

type Table = Pick<Block, "page" | "headings"> & {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
};

export const tableBlocks = ({ header, rows, page, headings }: Table): readonly Block[] => {
  const headerText = rowText(header);
  const writer = tableWriter({ page, headings }, isBlank(headerText) ? "" : headerText);
  for (const row of rows) writer.row(rowText(row));
  return writer.blocks();
};
