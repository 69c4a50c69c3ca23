import { documentFailure } from "../failures.ts";
import { type ReadingAhead, readingAhead } from "../ocr/reading-ahead.ts";
import type { ReadInput } from "../reader.ts";
import type { PdfDocument, PdfPage } from "./pdfjs.ts";
import { type PictureText, pictureText } from "./picture-text.ts";
import { picturesOf } from "./pictures.ts";
import type { PageRuns } from "./running-lines.ts";
import { runsOf } from "./runs.ts";

/** A page with fewer letters is looked at as a picture: scanners stamp a date or a number onto pages. */
const leastLetters = 16;
/** Fonts and colours that pages share are let go of now and then; a document of thousands of pages stays flat. */
const pagesPerCleanup = 50;

const runsOfPage = async (page: PdfPage): Promise<PageRuns> => {
  const viewport = page.getViewport({ scale: 1 });
  const { items } = await page.getTextContent();
  return { width: viewport.width, height: viewport.height, groups: runsOf(items, viewport) };
};

export const lettersOf = ({ groups }: PageRuns): number =>
  groups.flat().reduce((sum, { text }) => sum + text.length, 0);

type Strip = Promise<PictureText | null>;

/** Hands a page's pictures to OCR; the page itself is not needed any more then. */
const handOver = async (page: PdfPage, ahead: ReadingAhead): Promise<readonly Strip[]> => {
  const strips: Strip[] = [];
  for await (const picture of picturesOf(page)) {
    const { width } = picture;
    const { lines } = await ahead.recognise(picture);
    const strip = lines.then((read) => pictureText(read, { width }));
    // Its failure is told where the page is put together, which may never be.
    strip.catch(() => undefined);
    strips.push(strip);
  }
  return strips;
};

/** A page may be stored as strips: their texts one below the other. */
const wholePicture = (strips: readonly (PictureText | null)[]): PictureText | null => {
  const texts = strips.filter((strip) => strip !== null);
  if (texts.length === 0) return null;
  const letters = texts.reduce((sum, { text }) => sum + text.length, 0);
  return {
    text: texts.map(({ text }) => text).join("\n"),
    confidence: texts.reduce((sum, { text, confidence }) => sum + confidence * text.length, 0) / letters,
  };
};

export type Pages = {
  readonly runs: readonly PageRuns[];
  /** By page, from 1. */
  readonly pictures: ReadonlyMap<number, PictureText>;
};

/** Counts what was read; pages that are pictures end out of turn. */
const tally = (total: number, { limits, key, onPage }: ReadInput) => {
  let letters = 0;
  let done = 0;
  return (ofPage: number): void => {
    letters += ofPage;
    if (letters > limits.decompressedBytes)
      throw documentFailure(
        "DECOMPRESSION_BOMB",
        key,
        `its text is longer than ${limits.decompressedBytes} bytes`,
      );
    onPage?.(++done, total);
  };
};

/** Pages one after the other; while OCR reads those that are pictures, the next ones are made ready for it. */
export const readPages = async (document: PdfDocument, input: ReadInput): Promise<Pages> => {
  const { limits, key, signal, ocr } = input;
  const total = document.numPages;
  const deadline = performance.now() + limits.seconds * 1000;
  const ahead = ocr ? readingAhead(ocr, signal) : null;
  const count = tally(total, input);
  const runs: PageRuns[] = [];
  const pictures = new Map<number, PictureText>();
  const ending: Promise<void>[] = [];
  let failure: { readonly error: unknown } | null = null;

  const end = async (number: number, letters: number, strips: readonly Strip[]): Promise<void> => {
    try {
      const picture = wholePicture(await Promise.all(strips));
      if (picture) pictures.set(number, picture);
      count(letters + (picture?.text.length ?? 0));
    } catch (error) {
      failure ??= { error };
    }
  };
  const stopWhenFailed = (): void => {
    signal.throwIfAborted();
    if (failure !== null) throw failure.error;
  };
  for (let number = 1; number <= total; number++) {
    stopWhenFailed();
    if (performance.now() > deadline)
      throw documentFailure("PARSE_TIMEOUT", key, `page ${number} of ${total} after ${limits.seconds} s`);
    const page = await document.getPage(number);
    const own = await runsOfPage(page);
    const letters = lettersOf(own);
    const strips = ahead && letters < leastLetters ? await handOver(page, ahead) : [];
    runs.push(own);
    page.cleanup();
    if (number % pagesPerCleanup === 0) await document.cleanup();
    if (strips.length > 0) ending.push(end(number, letters, strips));
    else count(letters);
  }
  await Promise.all(ending);
  stopWhenFailed();
  return { runs, pictures };
};
