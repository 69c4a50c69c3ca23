import type { Measure } from "../measure.ts";
import { clamp } from "../subject.ts";

/** Share of digits; prose full of dates and measures has up to a fifth. */
export const digits: Measure = {
  flagAt: 0.5,
  measure: ({ text, kind, length }) => {
    if (kind !== "prose") return 0;
    return clamp(((text.match(/\p{N}/gu)?.length ?? 0) / length - 0.2) * 2.5);
  },
};
