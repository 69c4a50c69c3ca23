import type { PDFParse } from "pdf-parse";
import { AppError } from "../../errors.ts";
import { reason } from "../failures.ts";
import { pdfFiles } from "../pdf-files.ts";
import type { ReadInput } from "../reader.ts";
import type { PdfDocument, PdfOutlineItem } from "./pdfjs.ts";

type Opened = {
  readonly document: PdfDocument;
  readonly info: Readonly<Record<string, unknown>>;
  readonly outline: readonly PdfOutlineItem[];
  close(): Promise<void>;
};

type Parser = { readonly make: (input: ReadInput) => PDFParse };

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
    make: ({ bytes, limits }) =>
      new PDFParse({
        // pdf.js takes the buffer away from its owner.
        data: bytes.slice(),
        cMapUrl: files.cmaps,
        cMapPacked: true,
        standardFontDataUrl: files.fonts,
        disableFontFace: true,
        isEvalSupported: false,
        useSystemFonts: false,
        // Larger pictures are left out, before they are decoded.
        maxImageSize: limits.pixels,
        wasmUrl: files.decoders,
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

/**
 * pdf-parse knows a page as its text alone; where that text stands, and the pictures, its pdf.js document knows.
 * It keeps that under `doc` once something was asked of it.
 */
const documentOf = (parser: PDFParse): PdfDocument => {
  const document: unknown = Reflect.get(parser, "doc");
  if (typeof document === "object" && document !== null && "getPage" in document)
    return document as PdfDocument;
  throw new AppError("INTERNAL", "pdf-parse keeps its document elsewhere: this version of it was not tried");
};

/** Opens a PDF; whatever pdf.js complains of is thrown as it is. The caller closes. */
export const openPdf = async (input: ReadInput): Promise<Opened> => {
  const { make } = await loaded();
  const parser = make(input);
  const close = (): Promise<void> => parser.destroy().catch(() => undefined);
  try {
    const { info, outline } = await parser.getInfo();
    return {
      document: documentOf(parser),
      info: (info ?? {}) as Readonly<Record<string, unknown>>,
      outline: (outline ?? []) as unknown as readonly PdfOutlineItem[],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
