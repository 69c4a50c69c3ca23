import { AppError } from "../errors.ts";
import { documentFailure, reason } from "./failures.ts";
import { blocksOf } from "./pdf/blocks.ts";
import { pdfMetadata } from "./pdf/metadata.ts";
import { openPdf } from "./pdf/open.ts";
import type { PdfDocument, PdfPage } from "./pdf/pdfjs.ts";
import { type PictureText, pictureText } from "./pdf/picture-text.ts";
import { picturesOf } from "./pdf/pictures.ts";
import type { PageRuns } from "./pdf/running-lines.ts";
import { runsOf } from "./pdf/runs.ts";
import type { ReadDocument, Reader, ReadInput } from "./reader.ts";

/** A page with fewer letters is looked at as a picture: scanners stamp a date or a number onto pages. */
const leastLetters = 16;
/** Fonts and colours that pages share are let go of now and then; a document of thousands of pages stays flat. */
const pagesPerCleanup = 50;

const typed = (error: unknown, key: string): AppError => {
  const name = error instanceof Error ? error.name : "";
  if (name === "PasswordException")
    return documentFailure("ENCRYPTED_DOCUMENT", key, "asks for a password; save it without one", error);
  return documentFailure("CORRUPT_DOCUMENT", key, `is not a readable PDF: ${reason(error)}`, error);
};

/** Stream dictionaries stand in the open even where everything else is compressed, so pictures can be found by name. */
const hasPictures = (bytes: Uint8Array): boolean => {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = data.indexOf("/Image"); at !== -1; at = data.indexOf("/Image", at + 1))
    if (/\/Subtype\s*$/.test(data.toString("latin1", Math.max(0, at - 20), at))) return true;
  return false;
};

const runsOfPage = async (page: PdfPage): Promise<PageRuns> => {
  const viewport = page.getViewport({ scale: 1 });
  const { items } = await page.getTextContent();
  return { width: viewport.width, height: viewport.height, groups: runsOf(items, viewport) };
};

const lettersOf = ({ groups }: PageRuns): number =>
  groups.flat().reduce((sum, { text }) => sum + text.length, 0);

/** A page may be stored as strips: their texts one below the other. */
const readPicture = async (page: PdfPage, { ocr, signal }: ReadInput): Promise<PictureText | null> => {
  if (!ocr) return null;
  const texts: PictureText[] = [];
  for await (const picture of picturesOf(page)) {
    const read = pictureText(await ocr.recognise(picture, signal), picture);
    if (read) texts.push(read);
  }
  if (texts.length === 0) return null;
  const letters = texts.reduce((sum, { text }) => sum + text.length, 0);
  return {
    text: texts.map(({ text }) => text).join("\n"),
    confidence: texts.reduce((sum, { text, confidence }) => sum + confidence * text.length, 0) / letters,
  };
};

type Pages = {
  readonly runs: readonly PageRuns[];
  /** By page, from 1. */
  readonly pictures: ReadonlyMap<number, PictureText>;
};

const readPages = async (document: PdfDocument, input: ReadInput): Promise<Pages> => {
  const { limits, key, signal, onPage } = input;
  const total = document.numPages;
  const deadline = performance.now() + limits.seconds * 1000;
  const runs: PageRuns[] = [];
  const pictures = new Map<number, PictureText>();
  let letters = 0;
  for (let number = 1; number <= total; number++) {
    signal.throwIfAborted();
    if (performance.now() > deadline)
      throw documentFailure("PARSE_TIMEOUT", key, `page ${number} of ${total} after ${limits.seconds} s`);
    const page = await document.getPage(number);
    const own = await runsOfPage(page);
    const few = lettersOf(own) < leastLetters;
    const picture = few ? await readPicture(page, input) : null;
    if (picture) pictures.set(number, picture);
    letters += lettersOf(own) + (picture?.text.length ?? 0);
    if (letters > limits.decompressedBytes)
      throw documentFailure(
        "DECOMPRESSION_BOMB",
        key,
        `its text is longer than ${limits.decompressedBytes} bytes`,
      );
    runs.push(own);
    page.cleanup();
    if (number % pagesPerCleanup === 0) await document.cleanup();
    onPage?.(number, total);
  }
  return { runs, pictures };
};

const pictureNote = (pages: number, { ocr }: ReadInput): string =>
  ocr
    ? `${pages} pages have no text, and none was found in their pictures`
    : `${pages} pages have no text; if they are scans, set embedding.images.ocrLanguages, which is empty`;

const readOpened = async (
  { document, info, outline }: Awaited<ReturnType<typeof openPdf>>,
  input: ReadInput,
): Promise<ReadDocument> => {
  const total = document.numPages;
  if (total > input.limits.pages)
    throw documentFailure(
      "DOCUMENT_TOO_LARGE",
      input.key,
      `has ${total} pages; limits.pages is ${input.limits.pages}`,
    );
  const { runs, pictures } = await readPages(document, input);
  const blocks = blocksOf(runs, outline, pictures);
  if (blocks.length === 0 && hasPictures(input.bytes))
    throw documentFailure(
      "NEEDS_OCR",
      input.key,
      input.ocr
        ? `none of its ${total} pages has text, and OCR found none in their pictures`
        : `none of its ${total} pages has text, they are pictures, and OCR is off: set embedding.images.ocrLanguages`,
    );
  const without = runs.filter((page, at) => lettersOf(page) === 0 && !pictures.has(at + 1)).length;
  return {
    blocks,
    metadata: {
      ...pdfMetadata(info),
      pages: total,
      ...(pictures.size > 0 && { pagesByOcr: pictures.size }),
      ...(without > 0 && { pagesWithoutText: without }),
    },
    ...(without > 0 && { notes: [pictureNote(without, input)] }),
  };
};

/**
 * PDF by pdf.js: text in the order that people read it, with headings and tables; pages that are pictures by OCR. A loop
 * inside pdf.js cannot be interrupted from its own thread: run it through isolated.ts.
 */
export const pdfReader: Reader = {
  version: 3,
  read: async (input) => {
    let opened: Awaited<ReturnType<typeof openPdf>> | null = null;
    try {
      opened = await openPdf(input);
      return await readOpened(opened, input);
    } catch (error) {
      input.signal.throwIfAborted();
      if (error instanceof AppError) throw error;
      throw typed(error, input.key);
    } finally {
      await opened?.close();
    }
  },
};
