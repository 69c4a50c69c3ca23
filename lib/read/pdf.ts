import type { PDFParse } from "pdf-parse";
import { AppError } from "../errors.ts";
import { documentFailure, reason } from "./failures.ts";
import { flatMetadata } from "./metadata.ts";
import { pdfFiles } from "./pdf-files.ts";
import type { Block, Reader, ReadInput } from "./reader.ts";
import { unwrapLines } from "./unwrap.ts";

type Parser = { readonly make: (bytes: Uint8Array) => PDFParse };

/**
 * pdf.js draws pages with these, and asks for them when it is loaded; reading text never does. Without them it would
 * look for a 30 MB drawing library and complain.
 */
const standInForDrawing = (): void => {
  for (const name of ["DOMMatrix", "ImageData", "Path2D"])
    if (!(name in globalThis))
      Object.defineProperty(globalThis, name, { value: class {}, configurable: true });
};

const load = async (): Promise<Parser> => {
  standInForDrawing();
  const { PDFParse, VerbosityLevel } = await import("pdf-parse");
  const files = pdfFiles();
  PDFParse.setWorker(files.worker);
  return {
    make: (bytes) =>
      new PDFParse({
        // pdf.js takes the buffer away from its owner.
        data: bytes.slice(),
        cMapUrl: files.cmaps,
        cMapPacked: true,
        standardFontDataUrl: files.fonts,
        disableFontFace: true,
        isEvalSupported: false,
        useSystemFonts: false,
        verbosity: VerbosityLevel.ERRORS,
      }),
  };
};

let loading: Promise<Parser> | null = null;

/** A missing file of pdf.js is a fault of the installation and must not be held against documents. */
const loaded = async (): Promise<Parser> => {
  loading ??= load();
  try {
    return await loading;
  } catch (error) {
    loading = null;
    throw new AppError("INTERNAL", `pdf.js cannot be loaded: ${reason(error)}`, { cause: error });
  }
};

const typed = (error: unknown, key: string): AppError => {
  const name = error instanceof Error ? error.name : "";
  if (name === "PasswordException")
    return documentFailure("ENCRYPTED_DOCUMENT", key, "asks for a password; save it without one", error);
  return documentFailure("CORRUPT_DOCUMENT", key, `is not a readable PDF: ${reason(error)}`, error);
};

/** `D:20260314093000+08'00'` (ISO 32000, 7.9.4) to ISO 8601; undefined where it is no date. */
const isoDate = (value: unknown): string | undefined => {
  const match = /^D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([+-])(\d\d)'?(\d\d)?)?/.exec(
    String(value ?? ""),
  );
  if (!match) return undefined;
  const [
    ,
    year,
    month = "01",
    day = "01",
    hour = "00",
    minute = "00",
    second = "00",
    sign,
    zone,
    zoneMinute = "00",
  ] = match;
  const offset = sign === undefined ? "Z" : `${sign}${zone}:${zoneMinute}`;
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
};

/** What programs write where nobody gave a title or an author. */
const placeholders = /^(?:untitled|anonymous|unspecified|unknown|\(.*\))?$/i;

const given = (value: unknown): string | undefined =>
  typeof value === "string" && !placeholders.test(value.trim()) ? value : undefined;

const metadataOf = (info: Readonly<Record<string, unknown>>) =>
  flatMetadata({
    title: given(info.Title),
    author: given(info.Author),
    subject: given(info.Subject),
    keywords: given(info.Keywords),
    language: given(info.Language),
    created: isoDate(info.CreationDate),
    modified: isoDate(info.ModDate),
  });

/** Stream dictionaries stand in the open even where everything else is compressed, so pictures can be found by name. */
const hasPictures = (bytes: Uint8Array): boolean => {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = data.indexOf("/Image"); at !== -1; at = data.indexOf("/Image", at + 1))
    if (/\/Subtype\s*$/.test(data.toString("latin1", Math.max(0, at - 20), at))) return true;
  return false;
};

const pageTexts = async (parser: PDFParse, total: number, input: ReadInput): Promise<readonly string[]> => {
  const deadline = performance.now() + input.limits.seconds * 1000;
  const texts: string[] = [];
  let chars = 0;
  for (let page = 1; page <= total; page++) {
    input.signal.throwIfAborted();
    if (performance.now() > deadline)
      throw documentFailure(
        "PARSE_TIMEOUT",
        input.key,
        `page ${page} of ${total} after ${input.limits.seconds} s`,
      );
    const result = await parser.getText({ first: page, last: page, lineEnforce: true });
    const text = unwrapLines(result.pages[0]?.text ?? "");
    chars += text.length;
    if (chars > input.limits.decompressedBytes)
      throw documentFailure(
        "DECOMPRESSION_BOMB",
        input.key,
        `its text is longer than ${input.limits.decompressedBytes} bytes`,
      );
    texts.push(text);
  }
  return texts;
};

const readPages = async (parser: PDFParse, input: ReadInput) => {
  const { total, info } = await parser.getInfo();
  if (total > input.limits.pages)
    throw documentFailure(
      "DOCUMENT_TOO_LARGE",
      input.key,
      `has ${total} pages; limits.pages is ${input.limits.pages}`,
    );
  const texts = await pageTexts(parser, total, input);
  const blocks = texts.flatMap((text, index): Block[] =>
    text.trim() === "" ? [] : [{ kind: "text", text, page: index + 1, headings: [], header: "" }],
  );
  if (blocks.length === 0 && hasPictures(input.bytes))
    throw documentFailure("NEEDS_OCR", input.key, `none of its ${total} pages has text, they are pictures`);
  const without = total - blocks.length;
  const metadata = metadataOf((info ?? {}) as Readonly<Record<string, unknown>>);
  return {
    blocks,
    metadata: { ...metadata, pages: total, ...(without === 0 ? {} : { pagesWithoutText: without }) },
  };
};

/**
 * PDF by pdf.js: a block a page, with lines joined to sentences again. A loop inside pdf.js cannot be interrupted
 * from its own thread: run it through isolated.ts.
 */
export const pdfReader: Reader = {
  version: 1,
  read: async (input) => {
    const { make } = await loaded();
    const parser = make(input.bytes);
    try {
      return await readPages(parser, input);
    } catch (error) {
      input.signal.throwIfAborted();
      if (error instanceof AppError) throw error;
      throw typed(error, input.key);
    } finally {
      await parser.destroy().catch(() => undefined);
    }
  },
};
