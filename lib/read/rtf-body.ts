import { blockWriter } from "./block-writer.ts";
import type { Block } from "./reader.ts";

type Paragraph = { style: string; outline: number | null; inTable: boolean; list: boolean };

const plainParagraph = (): Paragraph => ({ style: "0", outline: null, inTable: false, list: false });

/** The text of the body: paragraphs and tables as they come, written into blocks. */
export type RtfBody = {
  /** A control word; those that have nothing to do with paragraphs are passed over. */
  word(word: string, value: number | null): void;
  text(text: string): void;
  /** Text of a foot note: goes after its paragraph. */
  note(text: string): void;
  blocks(): readonly Block[];
};

/** A table ends with the first paragraph that is in none. */
const rtfTable = (writer: ReturnType<typeof blockWriter>) => {
  let cells: string[] = [];
  let rows: string[][] = [];
  return {
    cell: (text: string): void => {
      cells.push(text);
    },
    row: (): void => {
      rows.push(cells);
      cells = [];
    },
    end: (): void => {
      const [header, ...others] = rows;
      if (header !== undefined && others.length > 0 && header.length > 1) writer.table(header, others);
      else for (const cell of rows.flat()) writer.paragraph(cell);
      rows = [];
    },
  };
};

/** `styles`: levels of the styles that are headings, by their numbers. */
export const rtfBody = (styles: ReadonlyMap<string, number>): RtfBody => {
  const writer = blockWriter();
  const table = rtfTable(writer);
  let paragraph = plainParagraph();
  let parts: string[] = [];
  let notes: string[] = [];
  const take = (): string => {
    const text = parts.join("").trim();
    parts = [];
    return text;
  };
  const endParagraph = (): void => {
    if (paragraph.inTable) {
      parts.push(" ");
      return;
    }
    table.end();
    const text = take();
    const level = paragraph.outline ?? styles.get(paragraph.style) ?? 0;
    if (level > 0 && text !== "") writer.heading(level, text.replace(/\s+/g, " "), text);
    else writer.paragraph(paragraph.list && text !== "" ? `- ${text}` : text);
    for (const note of notes) writer.paragraph(`Note: ${note.replace(/\s+/g, " ").trim()}`);
    notes = [];
  };
  const set = (change: Partial<Paragraph>): void => {
    paragraph = { ...paragraph, ...change };
  };
  const words = new Map<string, (value: number | null) => void>([
    ["par", endParagraph],
    ["sect", endParagraph],
    ["page", endParagraph],
    ["pard", () => set(plainParagraph())],
    ["s", (value) => set({ style: String(value ?? 0) })],
    ["outlinelevel", (value) => set({ outline: value === null || value > 8 ? 0 : value + 1 })],
    ["intbl", () => set({ inTable: true })],
    ["ls", () => set({ list: true })],
    ["cell", () => table.cell(take())],
    ["row", () => table.row()],
  ]);
  return {
    word: (word, value) => words.get(word)?.(value),
    text: (text) => {
      parts.push(text);
    },
    note: (text) => {
      notes.push(text);
    },
    blocks: () => {
      set({ inTable: false });
      endParagraph();
      return writer.blocks();
    },
  };
};
