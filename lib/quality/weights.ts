import type { Weights } from "./quality.ts";

/** Written by `node bench/quality/fit.ts`, from the labelled set; never by hand. */
export const fitted: Weights = {
  bias: 1.69,
  weights: {
    tooShort: 4.06,
    symbols: 5.02,
    digits: 0,
    repeatedLines: 0.92,
    repeatedPhrases: 2.59,
    noSentences: 1.45,
    fragments: 1.44,
    brokenWords: 3.09,
    boilerplate: 4.34,
    tableOfContents: 1.9,
    references: 3.29,
    unbroken: 0.54,
    unknownLanguage: 4.09,
  },
};
