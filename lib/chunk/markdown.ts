import { utf8Length } from "./boundaries.ts";
import type { Chunker, ChunkOptions } from "./chunker.ts";
import { type Policy, packSection } from "./packing.ts";
import { joinBlocks, placeBlocks, type Section, sectionsByHeading } from "./sections.ts";
import { wholeBlocks } from "./units.ts";

const policy: Policy = { unitsOf: wholeBlocks, cut: "best", overlap: "sentences" };

/** A section with its size; several become one under the heading that they share. */
type Sized = Section & { readonly tokens: number; readonly bytes: number };

const sizeOf = (section: Section, { countTokens }: ChunkOptions): Sized => ({
  ...section,
  tokens: section.blocks.reduce((sum, { text }) => sum + countTokens(text), 0),
  bytes: section.blocks.reduce((sum, { text }) => sum + utf8Length(text) + 2, 0),
});

const shared = (a: readonly string[], b: readonly string[]): readonly string[] => {
  const differs = a.findIndex((title, i) => title !== b[i]);
  return differs < 0 ? a : a.slice(0, differs);
};

/** Together under their common heading, if they have one, are of one page and fit; a table stays by itself. */
const joined = (a: Sized, b: Sized, { size, maxBytes }: ChunkOptions): Sized | null => {
  const headings = shared(a.headings, b.headings);
  const [tokens, bytes] = [a.tokens + b.tokens, a.bytes + b.bytes];
  const hasTable = [...a.blocks, ...b.blocks].some(({ kind }) => kind === "table");
  if (headings.length === 0 || a.page !== b.page || hasTable || tokens > size || bytes > maxBytes)
    return null;
  return { page: a.page, headings, blocks: [...a.blocks, ...b.blocks], tokens, bytes };
};

/** Neighbours that belong together go together, the deepest headings first. */
const joinSections = (sections: readonly Sized[], options: ChunkOptions): readonly Section[] => {
  const deepest = Math.max(0, ...sections.map(({ headings }) => headings.length));
  let all = sections;
  for (let depth = deepest; depth > 0; depth--) {
    const next: Sized[] = [];
    for (const section of all) {
      const last = next.at(-1);
      const both = last ? joined(last, section, options) : null;
      if (both && both.headings.length >= depth) next[next.length - 1] = both;
      else next.push(section);
    }
    all = next;
  }
  return all;
};

/**
 * By the document's structure: small sections that share a heading are one piece under it, a section that fits is never
 * cut, and one that does not is cut between its blocks (paragraphs, lists, code) before any of them is cut. For documents
 * with headings; without any it is like `recursive`.
 */
export const markdownChunker: Chunker = {
  version: 1,
  chunk: (blocks, options) => {
    const text = joinBlocks(blocks);
    const sections = sectionsByHeading(placeBlocks(blocks)).map((section) => sizeOf(section, options));
    return joinSections(sections, options).flatMap((section) => packSection(text, section, options, policy));
  },
};
