import type { Chunker, ChunkOptions, Piece } from "./chunker.ts";
import { type Policy, packSection } from "./packing.ts";
import { joinBlocks, placeBlocks, type Section, sectionsByPage } from "./sections.ts";
import { unitsOf } from "./units.ts";

const policy: Policy = { unitsOf, cut: "best", overlap: "sentences" };
/** Parts of a page are seldom quite as long as they should be; with so much room their number stays the same. */
const room = 1.2;

/** One piece where the page fits, else as few as it takes, of about the same size. */
const packPage = (text: string, section: Section, options: ChunkOptions): readonly Piece[] => {
  const pieces = packSection(text, section, options, policy);
  if (pieces.length < 2) return pieces;
  const tokens = pieces.reduce((sum, piece) => sum + piece.tokens, 0);
  const even = Math.ceil((tokens / pieces.length) * room);
  return even >= options.size ? pieces : packSection(text, section, { ...options, size: even }, policy);
};

/**
 * A page, slide or sheet is one piece where it fits into `size`; what does not fit is cut into even parts at the best
 * boundaries. Headings do not part a page. Without pages, the document is one.
 */
export const pageChunker: Chunker = {
  version: 1,
  chunk: (blocks, options) => {
    const text = joinBlocks(blocks);
    return sectionsByPage(placeBlocks(blocks)).flatMap((section) => packPage(text, section, options));
  },
};
