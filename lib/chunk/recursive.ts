import type { Chunker } from "./chunker.ts";
import { type Policy, packSection } from "./packing.ts";
import { joinBlocks, placeBlocks, sectionsByHeading } from "./sections.ts";
import { unitsOf } from "./units.ts";

const policy: Policy = { unitsOf, cut: "best", overlap: "sentences" };

/**
 * Cuts at the strongest boundary that fills a piece at least half: between paragraphs, lines, sentences, clauses,
 * words, characters, in this order. Sections (page and heading) are never mixed; within one, small blocks are put
 * together.
 */
export const recursiveChunker: Chunker = {
  version: 1,
  chunk: (blocks, options) => {
    const text = joinBlocks(blocks);
    return sectionsByHeading(placeBlocks(blocks)).flatMap((section) =>
      packSection(text, section, options, policy),
    );
  },
};
