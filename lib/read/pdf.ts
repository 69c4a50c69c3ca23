import { AppError } from "../errors.ts";
import { documentFailure, reason } from "./failures.ts";
import { blocksOf } from "./pdf/blocks.ts";
import { pdfMetadata } from "./pdf/metadata.ts";
import { openPdf } from "./pdf/open.ts";
import { lettersOf, readPages } from "./pdf/pages.ts";
import type { ReadDocument, Reader, ReadInput } from "./reader.ts";

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
