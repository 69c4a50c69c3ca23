import type { Ocr, OcrLine, Raster } from "./ocr.ts";

/** Of pictures that are being read or wait for it: some five pages of A4 at 300 dots an inch. */
const mostBytes = 128 * 1024 * 1024;

export type ReadingAhead = {
  /**
   * Hands a picture to OCR as soon as there is room. Resolves then, with the lines still to come, so that the next
   * picture can be made meanwhile; nobody has to wait for the lines of one that failed elsewhere.
   */
  recognise(picture: Raster): Promise<{ readonly lines: Promise<readonly OcrLine[]> }>;
};

/**
 * Pictures of one document with OCR: as many as it reads at once and one that waits, so that it never idles; never more
 * bytes than `mostBytes` and one picture, however long the document is.
 */
export const readingAhead = (ocr: Ocr, signal: AbortSignal): ReadingAhead => {
  const pending = new Set<Promise<void>>();
  let bytes = 0;
  return {
    recognise: async (picture) => {
      const size = picture.data.byteLength;
      while (pending.size > ocr.lanes || (bytes > 0 && bytes + size > mostBytes)) await Promise.race(pending);
      bytes += size;
      const lines = ocr.recognise(picture, signal);
      const ended = lines.then(
        () => undefined,
        () => undefined,
      );
      const settled: Promise<void> = ended.then(() => {
        bytes -= size;
        pending.delete(settled);
      });
      pending.add(settled);
      return { lines };
    },
  };
};
