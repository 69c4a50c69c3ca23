import { z } from "zod";
import { decodeText } from "./decode.ts";
import { documentFailure, reason } from "./failures.ts";
import { markdownReader } from "./markdown.ts";
import type { Reader } from "./reader.ts";

/** The parts of a notebook that hold its text (nbformat 4). */
const notebook = z.object({
  metadata: z
    .object({ language_info: z.object({ name: z.string() }).optional(), title: z.string().optional() })
    .optional(),
  cells: z.array(
    z.object({ cell_type: z.string(), source: z.union([z.string(), z.array(z.string())]).default("") }),
  ),
});

type Cell = z.infer<typeof notebook>["cells"][number];

/** A fence longer than any in the code. */
const fenced = (code: string, language: string): string => {
  const longest = Math.max(2, ...(code.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${code}\n${fence}`;
};

const cellText = ({ cell_type: kind, source }: Cell, language: string): string => {
  const text = (Array.isArray(source) ? source.join("") : source).trim();
  return kind === "code" && text !== "" ? fenced(text, language) : text;
};

/** Jupyter: its text under the headings of its Markdown, its programs as code. What programs printed is left out. */
export const notebookReader: Reader = {
  version: 1,
  read: async (input, nesting) => {
    let parsed: z.infer<typeof notebook>;
    try {
      parsed = notebook.parse(JSON.parse(decodeText(input).text));
    } catch (error) {
      throw documentFailure(
        "CORRUPT_DOCUMENT",
        input.key,
        `is no notebook of Jupyter 4 or later: ${reason(error)}`,
        error,
      );
    }
    const language = parsed.metadata?.language_info?.name ?? "";
    const text = parsed.cells.map((cell) => cellText(cell, language)).join("\n\n");
    // It has no front matter of its own.
    const bytes = Buffer.from(`\n${text}`);
    const { blocks } = await markdownReader.read({ ...input, bytes, contentType: "" }, nesting);
    const programmingLanguage = language === "" ? {} : { programmingLanguage: language };
    return { blocks, metadata: programmingLanguage };
  },
};
