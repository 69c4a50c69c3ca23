import type { Measure } from "../measure.ts";
import { clamp } from "../subject.ts";

/** Numbers differ from page to page in what is otherwise the same line. */
const folded = (line: string): string => line.toLowerCase().replace(/\p{N}+/gu, "0");

/** Share of characters in lines that were there before (duplicate line fraction of Gopher, arXiv 2112.11446). */
export const repeatedLines: Measure = {
  flagAt: 0.4,
  measure: ({ lines, length, kind }) => {
    const seen = new Set<string>();
    let repeated = 0;
    for (const line of lines) {
      const key = kind === "prose" ? folded(line) : line.toLowerCase();
      if (seen.has(key)) repeated += line.replace(/\s/g, "").length;
      seen.add(key);
    }
    // Closing brackets and empty cells recur in the best of code and tables.
    return clamp((repeated / length - (kind === "prose" ? 0.05 : 0.25)) * 1.5);
  },
};
