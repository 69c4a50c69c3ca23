import type { Measure } from "../measure.ts";
import { clamp } from "../subject.ts";

/** Runs without a space that are no words: addresses, hashes, base64, minified code. */
const runs =
  /https?:\/\/\S+|www\.\S+|[!-~]{28,}|\b(?=[0-9a-f-]{0,64}\d)(?=[0-9a-f-]{0,64}[a-f])[0-9a-f-]{12,}\b|\b\w+\.(?:com|org|net|cn|jpg|png|gif|html?|js|css)\S*/giu;

export const unbroken: Measure = {
  flagAt: 0.5,
  measure: ({ text, length }) => {
    const covered = text.match(runs)?.reduce((sum, run) => sum + run.length, 0) ?? 0;
    return clamp((covered / length - 0.15) * 1.5);
  },
};
