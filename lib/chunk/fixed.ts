import type { Chunker } from "./chunker.ts";
import { type Policy, packSection } from "./packing.ts";
import { joinBlocks, placeBlocks, sectionsByPage } from "./sections.ts";
import { evenSlices } from "./units.ts";

const policy: Policy = { unitsOf: evenSlices, cut: "full", overlap: "units" };

/**
 * Windows of `size` tokens, each beginning `overlap` tokens before the end of the one before, whatever is said there:
 * the plain baseline. Words and characters stay whole, pages and tables are not mixed with others.
 */
export const fixedChunker: Chunker = {
  version: 1,
  chunk: (blocks, options) => {
    const text = joinBlocks(blocks);
    return sectionsByPage(placeBlocks(blocks)).flatMap((section) =>
      packSection(text, section, options, policy),
    );
  },
};
