import type { Measure } from "../measure.ts";
import { clamp } from "../subject.ts";

/** How unsure OCR was: clean print is read with .9 and more, at .4 half of the words are wrong. */
export const lowOcrConfidence: Measure = {
  flagAt: 0.5,
  decisive: true,
  measure: ({ confidence }) => (confidence === null ? 0 : clamp((0.9 - confidence) * 2)),
};
