/** Eight-bit RGB without alpha, row-major `[height, width, 3]`. */
export type Raster = {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
};

/** Upright bounds in pixels of the picture as it was given. */
export type Box = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

export type OcrLine = {
  readonly text: string;
  /** Mean probability of its characters, 0 to 1. */
  readonly confidence: number;
  readonly box: Box;
};

export const ocrLanguages = ["en", "zh"] as const;
export type OcrLanguage = (typeof ocrLanguages)[number];

/**
 * Port: text in pictures.
 *
 * - Lines come in reading order, columns one after the other; pages that lie on their side or upside down are turned
 *   first. A picture without text gives none.
 * - The same picture gives the same lines. `lanes` pictures are read at once; a call beyond them waits its turn.
 * - The picture's bytes may be handed over: they are not to be used afterwards.
 * - `signal` is looked at before a picture is begun, and where it can be between lines, whose work cannot be interrupted.
 * - A missing or broken model throws `MODEL_MISSING`.
 */
export type Ocr = {
  readonly lanes: number;
  recognise(picture: Raster, signal: AbortSignal): Promise<readonly OcrLine[]>;
};
