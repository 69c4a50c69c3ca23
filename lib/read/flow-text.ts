import type { BlockWriter } from "./block-writer.ts";

type Paragraph = { level: number; marker: string; readonly parts: string[] };
type Table = { readonly rows: string[][]; heads: number };

/** The text of word processors as it flows: paragraphs, headings, lists and tables, one inside another. */
export type FlowText = {
  openParagraph(): void;
  /** Of the open paragraph: 1 is the outermost heading, 0 is none. */
  heading(level: number): void;
  /** Of the open paragraph: how an item of a list begins. */
  marker(marker: string): void;
  text(text: string): void;
  closeParagraph(): void;
  openTable(): void;
  openRow(): void;
  /** This row repeats on each page. */
  headRow(): void;
  /** `span`: columns it takes. */
  closeCell(span: number): void;
  openCell(): void;
  closeTable(): void;
  /** Text that belongs to the open paragraph but stands beside it: written after it. */
  note(text: string): void;
};

const widest = 200;

/** A table of one row or one column only arranges the page. */
const isData = ({ rows }: Table): boolean => rows.length > 1 && rows.some((row) => row.length > 1);

/** Tables, one inside another, and the cells that are open. A table inside a cell is text of that cell. */
const tableStack = (writer: BlockWriter) => {
  const tables: Table[] = [];
  const cells: string[][] = [];
  const write = (table: Table): void => {
    if (!isData(table)) {
      for (const row of table.rows) for (const cell of row) writer.paragraph(cell);
      return;
    }
    const heads = Math.min(Math.max(table.heads, 1), table.rows.length);
    for (const head of table.rows.slice(0, heads - 1)) writer.paragraph(head.filter(Boolean).join(" | "));
    writer.table(table.rows[heads - 1] ?? [], table.rows.slice(heads));
  };
  return {
    /** Lines of the innermost open cell. */
    cell: () => cells.at(-1),
    open: (): void => {
      tables.push({ rows: [], heads: 0 });
    },
    openRow: (): void => {
      tables.at(-1)?.rows.push([]);
    },
    headRow: (): void => {
      const table = tables.at(-1);
      // Only rows at the top can be heads.
      if (table && table.heads === table.rows.length - 1) table.heads++;
    },
    openCell: (): void => {
      cells.push([]);
    },
    closeCell: (span: number): void => {
      const lines = cells.pop() ?? [];
      const empty = Array.from({ length: Math.min(widest, span) - 1 }, () => "");
      tables
        .at(-1)
        ?.rows.at(-1)
        ?.push(lines.join(" "), ...empty);
    },
    close: (): void => {
      const table = tables.pop();
      if (table === undefined) return;
      const cell = cells.at(-1);
      if (cell === undefined) write(table);
      else cell.push(...table.rows.map((row) => row.filter(Boolean).join(" | ")));
    },
  };
};

/** Puts what a word processor's file says, event by event, into blocks. */
export const flowText = (writer: BlockWriter): FlowText => {
  // Text boxes lie inside paragraphs, cells hold paragraphs: each has a place of its own.
  const paragraphs: Paragraph[] = [];
  const tables = tableStack(writer);
  let notes: string[] = [];
  const write = ({ level, marker, parts }: Paragraph): void => {
    const text = parts.join("").trim();
    if (text === "") return;
    const cell = tables.cell();
    if (cell !== undefined) cell.push(`${marker}${text}`);
    else if (level > 0) writer.heading(level, text.replace(/\s+/g, " "), text);
    else writer.paragraph(`${marker}${text}`);
  };
  const writeNotes = (): void => {
    if (paragraphs.length > 0 || tables.cell() !== undefined) return;
    for (const note of notes) writer.paragraph(note);
    notes = [];
  };
  return {
    openParagraph: () => {
      paragraphs.push({ level: 0, marker: "", parts: [] });
    },
    heading: (level) => {
      const open = paragraphs.at(-1);
      if (open) open.level = level;
    },
    marker: (marker) => {
      const open = paragraphs.at(-1);
      if (open) open.marker = marker;
    },
    text: (text) => {
      paragraphs.at(-1)?.parts.push(text);
    },
    closeParagraph: () => {
      const closed = paragraphs.pop();
      if (closed) write(closed);
      writeNotes();
    },
    openTable: tables.open,
    openRow: tables.openRow,
    headRow: tables.headRow,
    openCell: tables.openCell,
    closeCell: tables.closeCell,
    closeTable: () => {
      tables.close();
      writeNotes();
    },
    note: (text) => {
      if (text.trim() !== "") notes.push(text);
    },
  };
};
