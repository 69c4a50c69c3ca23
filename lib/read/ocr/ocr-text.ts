import { unwrapLines } from "../unwrap.ts";
import type { OcrLine } from "./ocr.ts";

/** A page's lines as its text, sentences whole again, and how sure OCR is of it; null where there is none. */
export const textOfLines = (
  lines: readonly OcrLine[],
): { readonly text: string; readonly confidence: number } | null => {
  const chars = lines.reduce((sum, { text }) => sum + text.length, 0);
  if (chars === 0) return null;
  return {
    text: unwrapLines(lines.map(({ text }) => text).join("\n")),
    confidence: lines.reduce((sum, { text, confidence }) => sum + confidence * text.length, 0) / chars,
  };
};
