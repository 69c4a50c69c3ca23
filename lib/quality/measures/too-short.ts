import type { Measure } from "../measure.ts";
import { clamp, contentWords } from "../subject.ts";

/** A fact takes some four words or six ideographs; with fewer than two nothing is said. */
export const tooShort: Measure = {
  flagAt: 0.7,
  measure: (subject) => {
    const letters = subject.text.match(/\p{L}/gu)?.length ?? 0;
    const said = Math.min(contentWords(subject), letters / 2);
    return clamp(1 - (said - 1) / 4);
  },
};
