import { CsvError, parse } from "csv-parse/sync";
import { decodeText } from "./decode.ts";
import { documentFailure, reason } from "./failures.ts";
import type { Reader } from "./reader.ts";
import { isHeader, rowText, tableWriter } from "./table.ts";

const delimiters = [",", "\t", ";", "|"] as const;
const sampleLines = 20;

/** Quoted parts hold delimiters that are none. */
const withoutQuotes = (text: string): string => text.replace(/"(?:[^"]|"")*"/g, "");

/** The delimiter that most lines have equally often; ties go to the order above. */
const sniffDelimiter = (text: string): string => {
  const lines = withoutQuotes(text.slice(0, 65_536)).split("\n").slice(0, sampleLines).filter(Boolean);
  const score = (delimiter: string): number => {
    const counts = lines.map((line) => line.split(delimiter).length - 1);
    const usual = counts.toSorted((a, b) => a - b)[Math.floor(counts.length / 2)] ?? 0;
    return usual === 0 ? 0 : counts.filter((count) => count === usual).length + usual / 1_000;
  };
  return delimiters.reduce<string>((best, next) => (score(next) > score(best) ? next : best), ",");
};

/**
 * Comma, tab, semicolon or bar separated values: table blocks of some hundred rows, each with the header.
 * Ragged rows are taken as they are; a quote that never closes is damage.
 */
export const csvReader: Reader = {
  version: 1,
  read: async (input) => {
    const { text, metadata } = decodeText(input);
    let writer: ReturnType<typeof tableWriter> | null = null;
    const place = { page: null, headings: [] };
    const onRecord = (cells: readonly string[]): null => {
      if (writer) writer.row(rowText(cells));
      else if (isHeader(cells)) writer = tableWriter(place, rowText(cells));
      else {
        writer = tableWriter(place, "");
        writer.row(rowText(cells));
      }
      return null;
    };
    try {
      parse(text, {
        delimiter: sniffDelimiter(text),
        relax_column_count: true,
        relax_quotes: true,
        skip_empty_lines: true,
        on_record: onRecord,
      });
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      throw documentFailure("CORRUPT_DOCUMENT", input.key, `is not valid CSV: ${reason(error)}`, error);
    }
    const written = writer as ReturnType<typeof tableWriter> | null;
    return { blocks: written?.blocks() ?? [], metadata };
  },
};
