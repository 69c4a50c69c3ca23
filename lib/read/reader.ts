import type { Metadata } from "../chunk-row.ts";
import type { NativeGuard } from "../embed/native-guard.ts";
import type { Ocr } from "./ocr/ocr.ts";

/**
 * A stretch of a document's text, in reading order. The document's extracted text is the blocks' texts joined by
 * "\n\n"; `charStart` of a chunk counts in it.
 */
export type Block = {
  readonly kind: "text" | "table" | "code";
  readonly text: string;
  /** 1-based page, slide or sheet; null where the format has none. */
  readonly page: number | null;
  /** Heading path, outermost first. */
  readonly headings: readonly string[];
  /** For tables: the header row as it stands at the start of `text`, to be repeated in every chunk; else "". */
  readonly header: string;
  /** How sure OCR is of the text, 0 to 1; absent where the text stands in the file itself. */
  readonly confidence?: number;
};

/** A picture of a document, for image search. */
export type FoundPicture = {
  /** What is known of it: name, title and EXIF, then the beginning of the text in it. */
  readonly text: string;
  readonly page: number | null;
  readonly headings: readonly string[];
  /** Square, as `Picture.square` makes it. */
  readonly jpeg: Uint8Array;
};

/** Which pictures of a document are wanted. */
export type PictureQuota = {
  /** Of the square, in pixels. */
  readonly side: number;
  /** Pictures that may still be taken, by all files in the document together. */
  left: number;
};

export type ReadDocument = {
  readonly blocks: readonly Block[];
  /** From the file itself: title, author, dates; merged under the object's own user metadata. */
  readonly metadata: Metadata;
  /** For people, one sentence each: what was left out, and what would mend that. */
  readonly notes?: readonly string[];
  /** The blocks only describe a picture: nothing in it could be read. */
  readonly noText?: boolean;
  /** Only where the input asks for them. */
  readonly pictures?: readonly FoundPicture[];
};

export type ReadLimits = {
  readonly objectBytes: number;
  readonly decompressedBytes: number;
  readonly pages: number;
  /** Cells of one spreadsheet, empty ones that it lists included. */
  readonly cells: number;
  /** Of one picture, width × height. */
  readonly pixels: number;
  readonly seconds: number;
};

export type ReadInput = {
  readonly bytes: Uint8Array;
  /** The object's key, for its extension and for messages. */
  readonly key: string;
  /** As the uploader declared it; a hint only, the content decides. */
  readonly contentType: string;
  readonly limits: ReadLimits;
  readonly signal: AbortSignal;
  /** Reads text in pictures; null or absent: OCR is off. */
  readonly ocr?: Ocr | null;
  /** Null or absent: there is no image model, and nobody asks for pictures. */
  readonly pictures?: PictureQuota | null;
  /** Whether a picture's place may become metadata; off unless asked for. */
  readonly gps?: boolean;
  /** Native work that runs while the thread is being ended aborts the process: it is counted here. */
  readonly guard?: NativeGuard;
  /** Hears of each page that was read; pages count from 1. */
  readonly onPage?: (done: number, total: number) => void;
};

/** What a reader of files in files goes by: all that lie inside one document share its bounds. */
export type Nesting = {
  /** Archives and messages around this one. */
  readonly depth: number;
  /** Bytes that may still be unpacked, by all of them together. */
  readonly budget: { left: number };
  /** Reads a file found inside by its own reader; its name there is its key. */
  readInner(inner: Pick<ReadInput, "bytes" | "key" | "contentType">): Promise<ReadDocument>;
};

/**
 * One format. Add one: a file here and a line in registry.ts.
 * Throws typed, permanent failures: ENCRYPTED_DOCUMENT, CORRUPT_DOCUMENT, DOCUMENT_TOO_LARGE, NEEDS_OCR, EMPTY_DOCUMENT …
 */
export type Reader = {
  /** Raised whenever the same bytes would give other blocks: part of the fingerprint. */
  readonly version: number;
  read(input: ReadInput, nesting: Nesting): Promise<ReadDocument>;
};
