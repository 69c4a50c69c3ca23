import type { Block } from "../read/reader.ts";
import type { PlacedBlock } from "./units.ts";

/** What lies between the texts of two blocks. */
const between = "\n\n";

/** Neighbouring blocks of one page under one heading: pieces are filled from all of them, never beyond. */
export type Section = {
  readonly page: number | null;
  readonly headings: readonly string[];
  readonly blocks: readonly PlacedBlock[];
};

/** The document's text, in which all offsets count. */
export const joinBlocks = (blocks: readonly Block[]): string => blocks.map(({ text }) => text).join(between);

export const placeBlocks = (blocks: readonly Block[]): readonly PlacedBlock[] => {
  let start = 0;
  return blocks.map((block) => {
    const placed = { ...block, start };
    start += block.text.length + between.length;
    return placed;
  });
};

export const startsWith = (path: readonly string[], prefix: readonly string[]): boolean =>
  prefix.length <= path.length && prefix.every((title, index) => path[index] === title);

const bare = (text: string): string => text.replace(/[\s#=*_`~-]/g, "");

const isHeadingOnly = ({ blocks }: Section): boolean =>
  blocks.every(({ text, headings }) => {
    const title = headings.at(-1);
    return title !== undefined && text.length <= 2 * title.length + 50 && bare(text) === bare(title);
  });

/** Sections in order; a heading with nothing of its own under it goes into the section below it. */
export const sectionsByHeading = (blocks: readonly PlacedBlock[]): readonly Section[] => {
  const all: (Section & { readonly blocks: PlacedBlock[] })[] = [];
  for (const block of blocks) {
    const last = all.at(-1);
    const same = last && last.page === block.page && startsWith(block.headings, last.headings);
    if (same && last.headings.length === block.headings.length) last.blocks.push(block);
    else if (same && isHeadingOnly(last)) {
      last.blocks.push(block);
      all[all.length - 1] = { ...last, headings: block.headings };
    } else all.push({ page: block.page, headings: block.headings, blocks: [block] });
  }
  return all;
};

/** One section a page (or sheet or slide), or one of all where there are none; its heading is that of its beginning. */
export const sectionsByPage = (blocks: readonly PlacedBlock[]): readonly Section[] => {
  const all: (Section & { readonly blocks: PlacedBlock[] })[] = [];
  for (const block of blocks) {
    const last = all.at(-1);
    if (last && last.page === block.page) last.blocks.push(block);
    else all.push({ page: block.page, headings: block.headings, blocks: [block] });
  }
  return all;
};
