import type { Measure } from "./measure.ts";
import { boilerplate } from "./measures/boilerplate.ts";
import { brokenWords } from "./measures/broken-words.ts";
import { digits } from "./measures/digits.ts";
import { fragments } from "./measures/fragments.ts";
import { hiddenText } from "./measures/hidden-text.ts";
import { mojibake } from "./measures/mojibake.ts";
import { noSentences } from "./measures/no-sentences.ts";
import { lowOcrConfidence } from "./measures/ocr-confidence.ts";
import { references } from "./measures/references.ts";
import { repeatedLines } from "./measures/repeated-lines.ts";
import { repeatedPhrases } from "./measures/repeated-phrases.ts";
import { symbols } from "./measures/symbols.ts";
import { tableOfContents } from "./measures/table-of-contents.ts";
import { tooShort } from "./measures/too-short.ts";
import { unbroken } from "./measures/unbroken.ts";
import { unknownLanguage } from "./measures/unknown-language.ts";

/** One line a measure; its name is the flag that a chunk carries. */
export const measures = {
  tooShort,
  symbols,
  digits,
  repeatedLines,
  repeatedPhrases,
  noSentences,
  fragments,
  brokenWords,
  mojibake,
  lowOcrConfidence,
  boilerplate,
  tableOfContents,
  references,
  unbroken,
  unknownLanguage,
  hiddenText,
} as const satisfies Record<string, Measure>;

export type MeasureName = keyof typeof measures;
export const measureNames = Object.keys(measures) as readonly MeasureName[];

/** Measures that spoil a piece by themselves, and those that are weighed together. */
export const isDecisive = (name: MeasureName): boolean => "decisive" in measures[name];
export const weighed = measureNames.filter((name) => !isDecisive(name));
