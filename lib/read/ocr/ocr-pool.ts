import { nativePool } from "../../embed/native-pool.ts";
import { AppError } from "../../errors.ts";
import { threadFile } from "../../thread-file.ts";
import type { Ocr, OcrLanguage, OcrLine, Raster } from "./ocr.ts";
import type { OcrAnswer, OcrSetup } from "./worker.ts";

export type OcrPool = Ocr & {
  /** What is being read ends first; what waits is refused. */
  close(): Promise<void>;
};

/** Finding the lines of a large page takes a second or two on a slow processor. */
const exitTimeoutMs = 15_000;

/** At most `most` tasks at once; the others begin in the order in which they came. */
const inTurns = (most: number) => {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(task: () => Promise<T>): Promise<T> => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
};

/**
 * OCR in threads of its own, each with the models (about .3 s to load): the native run blocks the thread that it is in.
 * One pool serves all documents of a process, so that together they take no more threads than one would.
 */
export const ocrPool = (languages: readonly OcrLanguage[], threads: number): OcrPool => {
  const setup: Omit<OcrSetup, "guard"> = { languages };
  const pool = nativePool({
    file: threadFile("./ocr-worker.mjs", import.meta.url),
    setup,
    threads,
    exitTimeoutMs,
  });
  const inTurn = inTurns(threads);
  let closed = false;
  const recognise = async (picture: Raster, signal: AbortSignal): Promise<readonly OcrLine[]> => {
    signal.throwIfAborted();
    if (closed) throw new AppError("INTERNAL", "OCR is closed");
    const { buffer } = picture.data;
    const handedOver = buffer instanceof ArrayBuffer ? [buffer] : [];
    const answer = await pool.run<OcrAnswer>("recognise", picture, handedOver);
    signal.throwIfAborted();
    if ("lines" in answer) return answer.lines;
    throw new AppError(answer.code, answer.message);
  };
  return {
    lanes: threads,
    recognise: (picture, signal) => inTurn(() => recognise(picture, signal)),
    close: () => {
      closed = true;
      return pool.close();
    },
  };
};
