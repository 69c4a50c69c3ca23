import { csvReader } from "./csv.ts";
import { htmlReader } from "./html.ts";
import { jsonReader } from "./json.ts";
import { jsonlReader } from "./jsonl.ts";
import { markdownReader } from "./markdown.ts";
import { pdfReader } from "./pdf.ts";
import type { Reader } from "./reader.ts";
import { textReader } from "./text.ts";

/** One line a format. detect.ts says which bytes are of which. */
export const readers = {
  txt: textReader,
  md: markdownReader,
  html: htmlReader,
  csv: csvReader,
  json: jsonReader,
  jsonl: jsonlReader,
  pdf: pdfReader,
} as const satisfies Record<string, Reader>;

export type DocumentType = keyof typeof readers;
