import { codeReader } from "./code.ts";
import { csvReader } from "./csv.ts";
import { docxReader } from "./docx.ts";
import { emlReader } from "./eml.ts";
import { epubReader } from "./epub.ts";
import { htmlReader } from "./html.ts";
import { imageReader } from "./image.ts";
import { jsonReader } from "./json.ts";
import { jsonlReader } from "./jsonl.ts";
import { markdownReader } from "./markdown.ts";
import { notebookReader } from "./notebook.ts";
import { odsReader } from "./ods.ts";
import { odpReader, odtReader } from "./odt.ts";
import { pdfReader } from "./pdf.ts";
import { pptxReader } from "./pptx.ts";
import type { Reader } from "./reader.ts";
import { rtfReader } from "./rtf.ts";
import { textReader } from "./text.ts";
import { xlsxReader } from "./xlsx.ts";
import { xmlReader } from "./xml.ts";
import { zipReader } from "./zip.ts";

/** One line a format. detect.ts says which bytes are of which. */
export const readers = {
  txt: textReader,
  md: markdownReader,
  html: htmlReader,
  csv: csvReader,
  json: jsonReader,
  jsonl: jsonlReader,
  xml: xmlReader,
  code: codeReader,
  ipynb: notebookReader,
  pdf: pdfReader,
  docx: docxReader,
  pptx: pptxReader,
  xlsx: xlsxReader,
  odt: odtReader,
  odp: odpReader,
  ods: odsReader,
  rtf: rtfReader,
  epub: epubReader,
  eml: emlReader,
  zip: zipReader,
  image: imageReader,
} as const satisfies Record<string, Reader>;

export type DocumentType = keyof typeof readers;
