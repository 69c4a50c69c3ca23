import type { Block } from "./reader.ts";
import { tableBlocks } from "./table.ts";

type Heading = { readonly level: number; readonly title: string };

/** Collects the blocks of a document that has headings: paragraphs of one section share a block. */
export type BlockWriter = {
  /** Starts a section; `written` is how the heading stands in the text. */
  heading(level: number, title: string, written: string): void;
  paragraph(text: string): void;
  code(text: string): void;
  /** Cells of the header row (none: an empty list) and of the rows under it. */
  table(header: readonly string[], rows: readonly (readonly string[])[]): void;
  blocks(): readonly Block[];
};

/** Headings above a new one of `level`: those of lower levels. */
const above = (path: readonly Heading[], level: number): readonly Heading[] =>
  path.filter((heading) => heading.level < level);

/** `page` is that of all its blocks. */
export const blockWriter = (page: number | null = null): BlockWriter => {
  const blocks: Block[] = [];
  let path: readonly Heading[] = [];
  let paragraphs: string[] = [];
  const headings = (): readonly string[] => path.map(({ title }) => title);
  const flush = (): void => {
    if (paragraphs.length > 0)
      blocks.push({
        kind: "text",
        text: paragraphs.join("\n\n"),
        page,
        headings: headings(),
        header: "",
      });
    paragraphs = [];
  };
  const paragraph = (text: string): void => {
    const trimmed = text.trim();
    if (trimmed !== "") paragraphs.push(trimmed);
  };
  return {
    paragraph,
    heading: (level, title, written) => {
      flush();
      path = title === "" ? above(path, level) : [...above(path, level), { level, title }];
      paragraph(written);
    },
    code: (text) => {
      if (text.trim() === "") return;
      flush();
      blocks.push({ kind: "code", text, page, headings: headings(), header: "" });
    },
    table: (header, rows) => {
      flush();
      blocks.push(...tableBlocks({ header, rows, page, headings: headings() }));
    },
    blocks: () => {
      flush();
      return blocks;
    },
  };
};
