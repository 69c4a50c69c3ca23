import type { Chunker } from "./chunker.ts";
import { type Policy, packSection } from "./packing.ts";
import { joinBlocks, placeBlocks, sectionsByPage } from "./sections.ts";
import { unitsOf } from "./units.ts";

const policy: Policy = { unitsOf, cut: "full", overlap: "sentences" };

/** As many whole sentences as fit, over paragraphs and headings alike; only a sentence that is too long is cut. */
export const sentenceChunker: Chunker = {
  version: 1,
  chunk: (blocks, options) => {
    const text = joinBlocks(blocks);
    return sectionsByPage(placeBlocks(blocks)).flatMap((section) =>
      packSection(text, section, options, policy),
    );
  },
};
