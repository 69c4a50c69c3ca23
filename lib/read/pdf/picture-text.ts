import type { OcrLine, Raster } from "../ocr/ocr.ts";
import { readingOrder } from "./columns.ts";
import { joinRegions, textOfRows } from "./paragraphs.ts";
import { rowsOf } from "./rows.ts";
import type { Run } from "./runs.ts";

/** Text of a page that was read from its picture; `confidence` is the mean of its letters, 0 to 1. */
export type PictureText = { readonly text: string; readonly confidence: number };

/** Lines of OCR are boxes; the baseline is above the lower edge, where letters such as g reach down. */
const runOf = ({ text, box }: OcrLine): Run => ({
  text,
  x: box.x,
  right: box.x + box.width,
  y: box.y + box.height * 0.8,
  size: box.height * 0.8,
  font: "",
});

/** The lines of a scanned page in the order of its columns; null where there is no text. */
export const pictureText = (
  lines: readonly OcrLine[],
  { width }: Pick<Raster, "width">,
): PictureText | null => {
  const letters = lines.reduce((sum, { text }) => sum + text.length, 0);
  if (letters === 0) return null;
  const regions = readingOrder(lines.map(runOf), width).map((region) => textOfRows(rowsOf(region)));
  return {
    text: joinRegions(regions),
    confidence: lines.reduce((sum, { text, confidence }) => sum + confidence * text.length, 0) / letters,
  };
};
