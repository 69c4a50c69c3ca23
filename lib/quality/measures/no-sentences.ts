import type { Measure } from "../measure.ts";
import { clamp, contentWords } from "../subject.ts";

const end = /[.!?](?=["'”’)\]]*(?:\s|$))|[。！？；…｡]/gu;
/** Words for each sentence end; C4 keeps only lines that end like sentences (arXiv 1910.10683). */
const wordsPerEnd = 40;

/** No sentence ends where by the number of words some should be. A short text may do without. */
export const noSentences: Measure = {
  flagAt: 0.8,
  measure: (subject) => {
    if (subject.kind !== "prose") return 0;
    const said = contentWords(subject);
    const ends = subject.text.match(end)?.length ?? 0;
    return clamp(1 - (ends * wordsPerEnd) / Math.max(said, 1)) * clamp((said - 4) / 12);
  },
};
