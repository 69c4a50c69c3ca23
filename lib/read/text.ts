import { decodeText } from "./decode.ts";
import type { Reader } from "./reader.ts";

/** Plain text: one block, as it stands. */
export const textReader: Reader = {
  version: 1,
  read: async (input) => {
    const { text, metadata } = decodeText(input);
    return { blocks: [{ kind: "text", text, page: null, headings: [], header: "" }], metadata };
  },
};
