import { decodeText } from "./decode.ts";
import { documentFailure, reason } from "./failures.ts";
import { recordBlock } from "./json.ts";
import { jsonLines, parseJson } from "./json-text.ts";
import type { Block, Reader } from "./reader.ts";

/** JSON lines: a block for each line; a broken line fails the document and is named. */
export const jsonlReader: Reader = {
  version: 1,
  read: async (input) => {
    const { text, metadata } = decodeText(input);
    const blocks: Block[] = [];
    let number = 0;
    for (const line of text.split("\n")) {
      number++;
      if (line.trim() === "") continue;
      try {
        blocks.push(recordBlock(jsonLines(parseJson(line)).join("\n")));
      } catch (error) {
        throw documentFailure(
          "CORRUPT_DOCUMENT",
          input.key,
          `line ${number} is not valid JSON: ${reason(error)}`,
          error,
        );
      }
    }
    return { blocks, metadata };
  },
};
