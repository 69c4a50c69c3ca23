import { AppError } from "../../errors.ts";
import type { Ocr, OcrLine, Raster } from "./ocr.ts";
import { loadPpModels, type PpModels, type PpOcrOptions } from "./pp-models.ts";
import { readingRows } from "./reading-order.ts";
import { boundsOf, levelBoxes } from "./rectangle.ts";
import { type Page, setUpright, turnedBack } from "./upright.ts";

/** A line whose reading is less sure than this is no text (PaddleOCR's drop_score). */
const leastConfidence = 0.5;

/** What stands on one row, as one line; long parts count more for its confidence. */
const joinedLine = (parts: readonly OcrLine[]): OcrLine => {
  const chars = parts.reduce((sum, { text }) => sum + text.length, 0);
  const boxes = parts.map(({ box }) => box);
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  return {
    text: parts.map(({ text }) => text).join(" "),
    confidence: parts.reduce((sum, { text, confidence }) => sum + confidence * text.length, 0) / chars,
    box: {
      x,
      y,
      width: Math.max(...boxes.map((box) => box.x + box.width)) - x,
      height: Math.max(...boxes.map((box) => box.y + box.height)) - y,
    },
  };
};

const readPage = async (
  models: PpModels,
  { picture, lines, turns }: Page,
  given: Raster,
  signal: AbortSignal,
): Promise<readonly OcrLine[]> => {
  const boxes = levelBoxes(lines);
  const read: OcrLine[] = [];
  for (const row of readingRows(
    lines.map((line, index) => ({ line, box: boxes[index] ?? boundsOf(line) })),
  )) {
    const parts: OcrLine[] = [];
    for (const { line } of row) {
      signal.throwIfAborted();
      const { text, confidence } = await models.read(picture, line, false);
      if (text.trim() !== "" && confidence >= leastConfidence)
        parts.push({ text: text.trim(), confidence, box: turnedBack(boundsOf(line), turns, given) });
    }
    if (parts.length > 0) read.push(joinedLine(parts));
  }
  return read;
};

/**
 * PP-OCRv4 (PaddleOCR, Apache-2.0) by ONNX Runtime: a detector of lines and a reader of English and Chinese. The models
 * are loaded with the first picture (about .3 s); one picture is in work at a time.
 */
export const ppOcr = (options: PpOcrOptions): Ocr => {
  let loading: Promise<PpModels> | null = null;
  let last: Promise<unknown> = Promise.resolve();

  const loaded = async (): Promise<PpModels> => {
    loading ??= loadPpModels(options);
    try {
      return await loading;
    } catch (error) {
      loading = null;
      if (error instanceof AppError) throw error;
      throw new AppError("MODEL_MISSING", `OCR's models cannot be loaded: ${error}`, { cause: error });
    }
  };
  const recogniseNow = async (picture: Raster, signal: AbortSignal): Promise<readonly OcrLine[]> => {
    signal.throwIfAborted();
    const models = await loaded();
    const lines = await models.find(picture);
    if (lines.length === 0) return [];
    const page = await setUpright(models, { picture, lines, turns: 0 });
    return readPage(models, page, picture, signal);
  };
  return {
    lanes: 1,
    recognise: (picture, signal) => {
      const turn = last.then(() => recogniseNow(picture, signal));
      last = turn.catch(() => undefined);
      return turn;
    },
  };
};
