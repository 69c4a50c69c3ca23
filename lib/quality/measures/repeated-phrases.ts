import type { Measure } from "../measure.ts";
import { clamp } from "../subject.ts";

const n = 3;

/** Share of three-word (three-ideograph) sequences that were there before: Gopher's duplicate n-grams, arXiv 2112.11446. */
export const repeatedPhrases: Measure = {
  flagAt: 0.5,
  measure: ({ words, kind }) => {
    if (kind !== "prose" || words.length < 3 * n) return 0;
    const seen = new Set<string>();
    for (let at = 0; at + n <= words.length; at++) seen.add(words.slice(at, at + n).join(" "));
    const all = words.length - n + 1;
    return clamp(((all - seen.size) / all - 0.12) * 1.8);
  },
};
