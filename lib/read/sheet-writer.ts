import { documentFailure } from "./failures.ts";
import type { Block, ReadInput } from "./reader.ts";
import { isHeader, rowText, tableWriter } from "./table.ts";

/** More empty columns than this in a row say nothing. */
const widestGap = 8;

/** Counts the cells of one document. */
export type CellCount = { add(cells: number): void };

/** @throws AppError from `add`: `DOCUMENT_TOO_LARGE` beyond `limits.cells` */
export const cellCount = ({ key, limits }: Pick<ReadInput, "key" | "limits">): CellCount => {
  let count = 0;
  return {
    add: (cells) => {
      count += cells;
      if (count > limits.cells)
        throw documentFailure(
          "DOCUMENT_TOO_LARGE",
          key,
          `has more than ${limits.cells} cells (limits.cells); split it or raise the limit`,
        );
    },
  };
};

export type Cell = { readonly column: number; readonly text: string };

/** Texts by column from `first` on; a gap of many columns is as wide as one of eight. */
const spread = (cells: readonly Cell[], first: number): readonly string[] => {
  const texts: string[] = [];
  let next = first;
  for (const { column, text } of cells) {
    for (let gap = Math.min(column - next, widestGap); gap > 0; gap--) texts.push("");
    texts.push(text);
    next = column + 1;
  }
  return texts;
};

/**
 * The rows of a sheet as blocks. Rows of a single cell are titles and remarks: text. The first row with words only is
 * the header of the rows under it; after an empty row another one may follow.
 */
export const sheetWriter = (place: Pick<Block, "page" | "headings">) => {
  const blocks: Block[] = [];
  let remarks: string[] = [];
  let table: ReturnType<typeof tableWriter> | null = null;
  let first = 0;
  let lastRow = 0;

  const endTable = (): void => {
    if (table) blocks.push(...table.blocks());
    table = null;
  };
  const endRemarks = (): void => {
    if (remarks.length > 0) blocks.push({ kind: "text", text: remarks.join("\n"), header: "", ...place });
    remarks = [];
  };
  const startTable = (cells: readonly Cell[]): void => {
    endTable();
    endRemarks();
    first = cells[0]?.column ?? 0;
    const texts = spread(cells, first);
    const header = isHeader(texts.filter((text) => text !== "")) ? rowText(texts) : "";
    table = tableWriter(place, header);
    if (header === "") table.row(rowText(texts));
  };
  const remark = (text: string): void => {
    endTable();
    remarks.push(text);
  };
  return {
    /** `row` counts from 1; `cells` are those with text, by column. */
    row: (row: number, cells: readonly Cell[]): void => {
      const [start] = cells;
      if (start === undefined) return;
      const isApart = row > lastRow + 1;
      lastRow = row;
      if (cells.length === 1 && (table === null || isApart)) remark(start.text);
      else if (table === null || (isApart && isHeader(cells.map(({ text }) => text)))) startTable(cells);
      else table.row(rowText(spread(cells, Math.min(first, start.column))));
    },
    blocks: (): readonly Block[] => {
      endTable();
      endRemarks();
      return blocks;
    },
  };
};
