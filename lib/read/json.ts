import { decodeText } from "./decode.ts";
import { documentFailure, reason } from "./failures.ts";
import { jsonRecords, parseJson } from "./json-text.ts";
import type { Block, Reader } from "./reader.ts";

export const recordBlock = (text: string): Block => ({
  kind: "text",
  text,
  page: null,
  headings: [],
  header: "",
});

/** JSON as lines `path: value`, a block for each record of a list. */
export const jsonReader: Reader = {
  version: 1,
  read: async (input) => {
    const { text, metadata } = decodeText(input);
    try {
      return { blocks: jsonRecords(parseJson(text)).map(recordBlock), metadata };
    } catch (error) {
      throw documentFailure("CORRUPT_DOCUMENT", input.key, `is not valid JSON: ${reason(error)}`, error);
    }
  },
};
