import type { Raster } from "./ocr.ts";

/** A part of a tall picture, in rows: the lines whose middle lies in `[from, to)` are its own. */
export type Band = {
  readonly top: number;
  readonly height: number;
  readonly from: number;
  readonly to: number;
};

/** Taller than this many widths a picture is no page but a long screenshot, which would be shrunk beyond reading. */
const tallest = 2;
const bandWidths = 1.5;
/** Share of a band that the next one sees too: no line lies across the border of both. */
const overlap = 1 / 8;

/**
 * Where to look for lines, top to bottom; the whole at once unless it is tall.
 * @param side longest side in which lines are looked for without shrinking
 */
export const bandsOf = (
  { width, height }: Pick<Raster, "width" | "height">,
  side: number,
): readonly Band[] => {
  if (height <= side || height <= tallest * width) return [{ top: 0, height, from: 0, to: height }];
  const tall = Math.ceil(Math.max(side, bandWidths * width));
  const step = Math.floor(tall * (1 - overlap));
  const count = Math.max(1, Math.ceil((height - tall) / step) + 1);
  const half = (tall - step) / 2;
  return Array.from({ length: count }, (_, index) => {
    const top = index * step;
    const last = index + 1 === count;
    return {
      top,
      height: Math.min(tall, height - top),
      from: index === 0 ? 0 : top + half,
      to: last ? height : top + step + half,
    };
  });
};
