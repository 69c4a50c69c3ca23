import { fileTypeFromBuffer } from "file-type";
import { decodeHead } from "./decode.ts";
import { detectEncoding } from "./encoding.ts";
import { documentFailure } from "./failures.ts";
import type { ReadInput } from "./reader.ts";
import type { DocumentType } from "./registry.ts";
import { sniffText } from "./sniff.ts";

type Detectable = Pick<ReadInput, "bytes" | "key" | "contentType">;

const headBytes = 64 * 1024;

const extensions: Readonly<Record<string, DocumentType>> = {
  txt: "txt",
  text: "txt",
  log: "txt",
  md: "md",
  markdown: "md",
  mdx: "md",
  html: "html",
  htm: "html",
  xhtml: "html",
  csv: "csv",
  tsv: "csv",
  tab: "csv",
  json: "json",
  geojson: "json",
  jsonl: "jsonl",
  ndjson: "jsonl",
  pdf: "pdf",
};

const contentTypes: Readonly<Record<string, DocumentType>> = {
  "text/markdown": "md",
  "text/html": "html",
  "application/xhtml+xml": "html",
  "text/csv": "csv",
  "text/tab-separated-values": "csv",
  "application/json": "json",
  "application/jsonl": "jsonl",
  "application/x-ndjson": "jsonl",
  "application/pdf": "pdf",
};

const extensionOf = (key: string): string => /\.([a-z0-9]+)$/i.exec(key)?.[1]?.toLowerCase() ?? "";

/** What name and uploader promise; the extension first, since many uploaders send a wrong or general content type. */
const promisedType = ({ key, contentType }: Detectable): DocumentType | null =>
  extensions[extensionOf(key)] ?? contentTypes[contentType.split(";")[0]?.trim().toLowerCase() ?? ""] ?? null;

const names: Readonly<Record<string, string>> = {
  docx: "a Word document",
  xlsx: "an Excel workbook",
  pptx: "a PowerPoint presentation",
  cfb: "an older Office document, or a protected one",
  odt: "an OpenDocument text",
  ods: "an OpenDocument spreadsheet",
  odp: "an OpenDocument presentation",
  epub: "an EPUB book",
  rtf: "a rich-text document",
  zip: "a ZIP archive",
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
  { extension: "rtf", mime: "application/rtf", mark: /^\s*\{\\rtf/ },
  { extension: "ps", mime: "application/postscript", mark: /^%!PS/ },
  {
    extension: "svg",
    mime: "image/svg+xml",
    mark: /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*(?:<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]/i,
  },
];

const readable = "txt, md, html, csv, json, jsonl and pdf";

const unsupported = (key: string, what: string) =>
  documentFailure("UNSUPPORTED_TYPE", key, `is ${what}; what can be read: ${readable}`);

const binaryFormat = async ({ bytes, key }: Detectable, promised: DocumentType | null) => {
  const type = await fileTypeFromBuffer(bytes);
  if (type) return unsupported(key, describe(type.ext, type.mime));
  if (promised === "pdf")
    return documentFailure("CORRUPT_DOCUMENT", key, "is called a PDF but does not begin like one");
  return unsupported(key, "binary data of an unknown kind");
};

/** UTF-16 is full of bytes that look like control characters; other text has next to none. */
const looksBinary = (head: Uint8Array, encoding: string): boolean =>
  !encoding.startsWith("utf-16") && controlBytes(head) > head.length / 500;

/**
 * The type of a document by its content; its extension and declared content type decide only what content cannot
 * (is it Markdown or plain text?).
 * @throws AppError `UNSUPPORTED_TYPE` that says what it is and what can be read
 */
export const detectType = async (input: Detectable): Promise<DocumentType> => {
  const promised = promisedType(input);
  if (isPdf(input.bytes, promised)) return "pdf";
  const head = input.bytes.subarray(0, headBytes);
  const encoding = detectEncoding(input.bytes, input.contentType);
  if (looksBinary(head, encoding)) throw await binaryFormat(input, promised);
  const text = decodeHead(input.bytes, encoding, headBytes);
  const format = textualFormats.find(({ mark }) => mark.test(text));
  if (format) throw unsupported(input.key, describe(format.extension, format.mime));
  if (promised === "pdf")
    throw documentFailure("CORRUPT_DOCUMENT", input.key, "is called a PDF but does not begin like one");
  return sniffText(text, promised, head.length === input.bytes.length);
};
