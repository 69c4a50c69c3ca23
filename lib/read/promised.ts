import { languages } from "./code.ts";
import type { ReadInput } from "./reader.ts";
import type { DocumentType } from "./registry.ts";

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
  ipynb: "ipynb",
  jsonl: "jsonl",
  ndjson: "jsonl",
  xml: "xml",
  rss: "xml",
  atom: "xml",
  opml: "xml",
  pdf: "pdf",
  docx: "docx",
  docm: "docx",
  dotx: "docx",
  pptx: "pptx",
  pptm: "pptx",
  ppsx: "pptx",
  potx: "pptx",
  xlsx: "xlsx",
  xlsm: "xlsx",
  xltx: "xlsx",
  odt: "odt",
  ott: "odt",
  odp: "odp",
  otp: "odp",
  ods: "ods",
  ots: "ods",
  rtf: "rtf",
  epub: "epub",
  eml: "eml",
  zip: "zip",
};

const openXml = "application/vnd.openxmlformats-officedocument";
const openDocument = "application/vnd.oasis.opendocument";

const contentTypes: Readonly<Record<string, DocumentType>> = {
  "text/markdown": "md",
  "text/html": "html",
  "application/xhtml+xml": "html",
  "text/csv": "csv",
  "text/tab-separated-values": "csv",
  "application/json": "json",
  "application/x-ipynb+json": "ipynb",
  "application/jsonl": "jsonl",
  "application/x-ndjson": "jsonl",
  "text/xml": "xml",
  "application/xml": "xml",
  "application/rss+xml": "xml",
  "application/atom+xml": "xml",
  "application/pdf": "pdf",
  [`${openXml}.wordprocessingml.document`]: "docx",
  [`${openXml}.presentationml.presentation`]: "pptx",
  [`${openXml}.spreadsheetml.sheet`]: "xlsx",
  [`${openDocument}.text`]: "odt",
  [`${openDocument}.presentation`]: "odp",
  [`${openDocument}.spreadsheet`]: "ods",
  "application/rtf": "rtf",
  "text/rtf": "rtf",
  "application/epub+zip": "epub",
  "message/rfc822": "eml",
  "application/zip": "zip",
};

const extensionOf = (key: string): string => /\.([a-z0-9]+)$/i.exec(key)?.[1]?.toLowerCase() ?? "";

const byExtension = (key: string): DocumentType | null => {
  const extension = extensionOf(key);
  return extensions[extension] ?? (Object.hasOwn(languages, extension) ? "code" : null);
};

/** What name and uploader promise; the extension first, since many uploaders send a wrong or general content type. */
export const promisedType = ({
  key,
  contentType,
}: Pick<ReadInput, "key" | "contentType">): DocumentType | null =>
  byExtension(key) ?? contentTypes[contentType.split(";")[0]?.trim().toLowerCase() ?? ""] ?? null;

/** Formats that begin in a way of their own: what is called so and does not is damaged, not something else. */
export const marked: Readonly<Partial<Record<DocumentType, string>>> = {
  pdf: "a PDF",
  docx: "a Word document",
  pptx: "a PowerPoint presentation",
  xlsx: "an Excel workbook",
  odt: "an OpenDocument text",
  odp: "an OpenDocument presentation",
  ods: "an OpenDocument spreadsheet",
  rtf: "a rich-text document",
  epub: "an EPUB book",
  zip: "a ZIP archive",
};
