import { fileTypeFromBuffer } from "file-type";
import { AppError } from "../errors.ts";
import { compoundFailure, containerType, isCompound, isZip } from "./containers.ts";
import { decodeHead } from "./decode.ts";
import { detectEncoding } from "./encoding.ts";
import { documentFailure } from "./failures.ts";
import { marked, promisedType } from "./promised.ts";
import type { ReadInput } from "./reader.ts";
import { type DocumentType, readers } from "./registry.ts";
import { sniffText } from "./sniff.ts";

type Detectable = Pick<ReadInput, "bytes" | "key" | "contentType" | "limits">;

const headBytes = 64 * 1024;

const names: Readonly<Record<string, string>> = {
  gz: "a gzip archive",
  tar: "a tar archive",
  "7z": "a 7-Zip archive",
  rar: "a RAR archive",
  exe: "a Windows program",
  elf: "a Linux program",
  ps: "a PostScript document",
  svg: "an SVG picture",
};

const families: Readonly<Record<string, string>> = {
  image: "an image",
  video: "a video",
  audio: "a sound recording",
  font: "a font",
};

const describe = (extension: string, mime: string): string => {
  const name = names[extension] ?? families[mime.split("/")[0] ?? ""] ?? `a file of type ${mime}`;
  return `${name} (${extension})`;
};

const isTextControl = (byte: number): boolean => byte === 9 || byte === 10 || byte === 12 || byte === 13;

/** Bytes that no text has: control characters other than white space and the escape of terminal colours. */
const controlBytes = (head: Uint8Array): number => {
  let count = 0;
  for (const byte of head) if (byte < 32 && byte !== 27 && !isTextControl(byte)) count++;
  return count;
};

const pdfMark = Buffer.from("%PDF-");

/** The mark may follow up to 1 KiB of junk, but then only a file that calls itself a PDF is one. */
const isPdf = (bytes: Uint8Array, promised: DocumentType | null): boolean => {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1024 + 5)).indexOf(pdfMark);
  return at === 0 || (at > 0 && promised === "pdf");
};

/** Text of formats that nobody reads as text. */
const textualFormats: readonly {
  readonly extension: string;
  readonly mime: string;
  readonly mark: RegExp;
}[] = [
  { extension: "ps", mime: "application/postscript", mark: /^%!PS/ },
  {
    extension: "svg",
    mime: "image/svg+xml",
    mark: /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*(?:<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]/i,
  },
];

const readable = Object.keys(readers).join(", ");

const unsupported = (key: string, what: string) =>
  documentFailure("UNSUPPORTED_TYPE", key, `is ${what}; what can be read: ${readable}`);

/** Damage of what is called, for example, a PDF and does not begin like one; null where the name promises no such thing. */
const notMarked = (key: string, promised: DocumentType | null) => {
  const name = promised === null ? undefined : marked[promised];
  return name === undefined
    ? null
    : documentFailure("CORRUPT_DOCUMENT", key, `is called ${name} but does not begin like one`);
};

/** What sharp may be able to decode; image.ts tells more. */
const pictures = ["jpg", "png", "apng", "webp", "gif", "tif", "avif", "heic"];

const binaryFormat = async (
  input: Detectable,
  promised: DocumentType | null,
): Promise<DocumentType | AppError> => {
  const { bytes, key } = input;
  const type = await fileTypeFromBuffer(bytes);
  if (type && pictures.includes(type.ext)) return "image";
  if (type) return unsupported(key, describe(type.ext, type.mime));
  return notMarked(key, promised) ?? unsupported(key, "binary data of an unknown kind");
};

/** UTF-16 is full of bytes that look like control characters; other text has next to none. */
const looksBinary = (head: Uint8Array, encoding: string): boolean =>
  !encoding.startsWith("utf-16") && controlBytes(head) > head.length / 500;

/**
 * The type of a document by its content; its extension and declared content type decide only what content cannot
 * (is it Markdown or plain text?).
 * @throws AppError `UNSUPPORTED_TYPE` that says what it is and what can be read; as containerType
 */
export const detectType = async (input: Detectable): Promise<DocumentType> => {
  const promised = promisedType(input);
  if (isPdf(input.bytes, promised)) return "pdf";
  if (isZip(input.bytes)) return containerType(input);
  if (isCompound(input.bytes)) throw compoundFailure(input);
  const head = input.bytes.subarray(0, headBytes);
  // Rich text may hold pictures as they are.
  if (/^\s*\{\\rtf/.test(Buffer.from(head.subarray(0, 64)).toString("latin1"))) return "rtf";
  const encoding = detectEncoding(input.bytes, input.contentType);
  if (looksBinary(head, encoding)) {
    const format = await binaryFormat(input, promised);
    if (format instanceof AppError) throw format;
    return format;
  }
  const text = decodeHead(input.bytes, encoding, headBytes);
  const format = textualFormats.find(({ mark }) => mark.test(text));
  if (format) throw unsupported(input.key, describe(format.extension, format.mime));
  const damage = notMarked(input.key, promised);
  if (damage) throw damage;
  return sniffText(text, promised, head.length === input.bytes.length);
};
