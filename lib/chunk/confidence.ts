import type { Piece } from "./chunker.ts";
import type { PlacedBlock } from "./units.ts";

/** OCR's confidence in the part `[start, end)` of the joined text; nothing where none of it comes from OCR. */
export const confidenceOf = (
  blocks: readonly PlacedBlock[],
  start: number,
  end: number,
): Pick<Piece, "confidence"> => {
  let sum = 0;
  let chars = 0;
  for (const block of blocks) {
    const shared = Math.min(end, block.start + block.text.length) - Math.max(start, block.start);
    if (shared <= 0 || block.confidence === undefined) continue;
    sum += block.confidence * shared;
    chars += shared;
  }
  return chars === 0 ? {} : { confidence: sum / chars };
};
