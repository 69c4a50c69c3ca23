import { documentFailure } from "./failures.ts";
import { openOdf } from "./odf.ts";
import type { Block, Reader, ReadInput } from "./reader.ts";
import { type Cell, cellCount, sheetWriter } from "./sheet-writer.ts";
import { attribute, byName, readXml, without, type XmlHandler, type XmlTag } from "./xml-events.ts";

const repeats = (tag: XmlTag, name: string): number => Math.max(1, Number(attribute(tag, name)) || 1);

type Sheets = { readonly blocks: Block[]; readonly names: string[] };

/** Rows of one document. Repeats of what is empty cost nothing, all others count as cells. */
const rowWriter = (input: ReadInput, { blocks, names }: Sheets) => {
  const count = cellCount(input);
  let writer: ReturnType<typeof sheetWriter> | null = null;
  let row = 0;
  let cells: Cell[] = [];
  let column = 0;
  return {
    openSheet: (name: string): void => {
      names.push(name);
      if (names.length > input.limits.pages)
        throw documentFailure(
          "DOCUMENT_TOO_LARGE",
          input.key,
          `has more than ${input.limits.pages} sheets (limits.pages)`,
        );
      writer = sheetWriter({ page: names.length, headings: name === "" ? [] : [name] });
      row = 0;
    },
    openRow: (): void => {
      cells = [];
      column = 0;
    },
    cell: (text: string, times: number): void => {
      if (text !== "") {
        count.add(times);
        for (let at = 0; at < times; at++) cells.push({ column: column + at, text });
      }
      column += times;
    },
    closeRow: (times: number): void => {
      if (cells.length > 0) {
        count.add(cells.length * (times - 1));
        for (let at = 1; at <= times; at++) writer?.row(row + at, cells);
      }
      row += times;
    },
    closeSheet: (): void => {
      for (const block of writer?.blocks() ?? []) blocks.push(block);
      writer = null;
    },
  };
};

/** Events of `office:spreadsheet`. */
const sheetEvents = (input: ReadInput, sheets: Sheets): XmlHandler => {
  const rows = rowWriter(input, sheets);
  let rowRepeats = 1;
  let cellRepeats = 1;
  let lines: string[] = [];
  let parts: string[] | null = null;
  const openCell = (tag: XmlTag): void => {
    cellRepeats = repeats(tag, "number-columns-repeated");
    lines = [];
  };
  const closeCell = (): void => rows.cell(lines.join(" ").trim(), cellRepeats);
  const events = byName(
    {
      table: (tag) => rows.openSheet(attribute(tag, "name")),
      "table-row": (tag) => {
        rowRepeats = repeats(tag, "number-rows-repeated");
        rows.openRow();
      },
      "table-cell": openCell,
      "covered-table-cell": openCell,
      p: () => {
        parts = [];
      },
      s: () => {
        parts?.push(" ");
      },
    },
    {
      p: () => {
        lines.push((parts ?? []).join(""));
        parts = null;
      },
      "table-cell": closeCell,
      "covered-table-cell": closeCell,
      "table-row": () => rows.closeRow(rowRepeats),
      table: () => rows.closeSheet(),
    },
    (text) => {
      parts?.push(text);
    },
  );
  return without(({ name }) => name === "annotation" || name === "shapes", events);
};

/** OpenDocument spreadsheet: as Excel; cells as they are shown. */
export const odsReader: Reader = {
  version: 1,
  read: async (input, nesting) => {
    const { office, metadata } = await openOdf(input, nesting);
    const sheets: Sheets = { blocks: [], names: [] };
    await readXml(office.part("content.xml"), input.key, sheetEvents(input, sheets));
    return { blocks: sheets.blocks, metadata: { ...metadata, sheets: sheets.names } };
  },
};
