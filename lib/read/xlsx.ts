import { columnOf, type NumberFormat, numberFormat, numberText } from "./cell-values.ts";
import { documentFailure } from "./failures.ts";
import { type OfficeDocument, openOffice } from "./ooxml.ts";
import type { Block, Reader } from "./reader.ts";
import { type Cell, type CellCount, cellCount, sheetWriter } from "./sheet-writer.ts";
import { attribute, readXml, relationId, type XmlTag } from "./xml-events.ts";

type Sheet = { readonly name: string; readonly path: string; readonly hidden: boolean };
type Workbook = {
  readonly document: OfficeDocument;
  readonly sheets: readonly Sheet[];
  readonly is1904: boolean;
  readonly strings: readonly string[];
  readonly formats: readonly NumberFormat[];
  readonly count: CellCount;
};

const readSheets = async (document: OfficeDocument) => {
  const sheets: Sheet[] = [];
  let is1904 = false;
  await readXml(document.office.part(document.mainPath), document.key, {
    open: (tag) => {
      if (tag.name === "workbookPr") is1904 = ["1", "true"].includes(attribute(tag, "date1904"));
      if (tag.name !== "sheet") return;
      const relation = document.byId.get(relationId(tag));
      // Sheets of charts and macros have no cells.
      if (relation?.type !== "worksheet") return;
      const state = tag.attributes.state ?? "";
      sheets.push({
        name: tag.attributes.name ?? "",
        path: relation.target,
        hidden: state === "hidden" || state === "veryHidden",
      });
    },
  });
  return { sheets, is1904 };
};

/** Texts that cells share, in order; readings of Chinese and Japanese characters left out. */
const readStrings = async (document: OfficeDocument, count: CellCount): Promise<readonly string[]> => {
  const strings: string[] = [];
  const [path] = document.relations("sharedStrings");
  if (path === undefined || !document.office.has(path)) return strings;
  let parts: string[] = [];
  let inText = false;
  let inReading = false;
  await readXml(document.office.part(path), document.key, {
    open: ({ name }) => {
      if (name === "si") parts = [];
      if (name === "rPh") inReading = true;
      inText = name === "t" && !inReading;
    },
    text: (text) => {
      if (inText) parts.push(text);
    },
    close: (name) => {
      inText = false;
      if (name === "rPh") inReading = false;
      if (name !== "si") return;
      count.add(1);
      strings.push(parts.length === 1 ? (parts[0] ?? "") : parts.join(""));
    },
  });
  return strings;
};

/** How each cell style shows numbers. */
const readFormats = async (document: OfficeDocument): Promise<readonly NumberFormat[]> => {
  const formats: NumberFormat[] = [];
  const codes = new Map<number, string>();
  const [path] = document.relations("styles");
  if (path === undefined || !document.office.has(path)) return formats;
  let inCells = false;
  await readXml(document.office.part(path), document.key, {
    open: (tag) => {
      const id = Number(attribute(tag, "numFmtId"));
      if (tag.name === "numFmt") codes.set(id, attribute(tag, "formatCode"));
      if (tag.name === "cellXfs") inCells = true;
      if (tag.name === "xf" && inCells) formats.push(numberFormat(id, codes.get(id)));
    },
    close: (name) => {
      if (name === "cellXfs") inCells = false;
    },
  });
  return formats;
};

type OpenCell = { type: string; style: number; column: number; value: string };

const cellText = ({ strings, formats, is1904 }: Workbook, { type, style, value }: OpenCell): string => {
  if (type === "s") return (strings[Number(value)] ?? "").trim();
  if (type === "b") return value === "1" ? "TRUE" : "FALSE";
  if (type === "n" || type === "") return numberText(value, formats[style] ?? "plain", is1904);
  return value.trim();
};

/** Cells of one sheet, row by row; a row goes when the next one comes. */
const readSheet = async (book: Workbook, sheet: Sheet, page: number): Promise<readonly Block[]> => {
  const title = sheet.hidden ? `${sheet.name} (hidden sheet)` : sheet.name;
  const writer = sheetWriter({ page, headings: title === "" ? [] : [title] });
  const open: OpenCell = { type: "", style: 0, column: -1, value: "" };
  let cells: Cell[] = [];
  let row = 0;
  let column = -1;
  let inValue = false;
  const startCell = ({ attributes }: XmlTag): void => {
    book.count.add(1);
    const told = columnOf(attributes.r ?? "");
    column = told >= 0 ? told : column + 1;
    open.type = attributes.t ?? "";
    open.style = Number(attributes.s ?? 0);
    open.value = "";
  };
  await readXml(book.document.office.part(sheet.path), book.document.key, {
    open: (tag) => {
      const { name } = tag;
      inValue = name === "v" || (name === "t" && open.type === "inlineStr");
      if (name === "c") startCell(tag);
      else if (name === "row") {
        row = Number(tag.attributes.r ?? row + 1);
        column = -1;
        cells = [];
      }
    },
    text: (text) => {
      if (inValue) open.value += text;
    },
    close: (name) => {
      inValue = false;
      if (name === "c") {
        const text = open.value === "" ? "" : cellText(book, open);
        if (text !== "") cells.push({ column, text });
      } else if (name === "row") writer.row(row, cells);
    },
  });
  return writer.blocks();
};

/**
 * Excel: a sheet is a page, its name the heading; rows as table blocks under the sheet's header. Numbers as shown
 * (dates in ISO form, per cent), formulas by the result that was saved with them. Hidden sheets are read and say so in
 * their heading. Read as a stream: only text is held.
 */
export const xlsxReader: Reader = {
  version: 1,
  read: async (input, nesting) => {
    const document = await openOffice(input, nesting);
    const { sheets, is1904 } = await readSheets(document);
    const { pages } = input.limits;
    if (sheets.length > pages)
      throw documentFailure(
        "DOCUMENT_TOO_LARGE",
        input.key,
        `has ${sheets.length} sheets; limits.pages is ${pages}`,
      );
    const count = cellCount(input);
    const strings = await readStrings(document, count);
    const formats = await readFormats(document);
    const book = { document, sheets, is1904, strings, formats, count };
    const blocks: Block[] = [];
    for (const [index, sheet] of sheets.entries()) blocks.push(...(await readSheet(book, sheet, index + 1)));
    return { blocks, metadata: { ...document.metadata, sheets: sheets.map(({ name }) => name) } };
  },
};
