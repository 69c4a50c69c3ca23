import type { Measure } from "../measure.ts";
import { clamp } from "../subject.ts";

/** Text and its usual punctuation; `|` parts cells. */
const usual =
  /[\p{Emoji_Presentation}\p{L}\p{M}\p{N}\s.,;:!?'"“”‘’()（）。，、；：！？《》「」『』【】…—%°/|-]/gu;
/** What belongs to the sign before it, or is not seen at all: hiddenText judges that. */
const attached = /[\p{Cf}\p{Mn}\p{Emoji_Modifier}]/gu;
/** A line that is drawn is one sign, however long: it may stand under a heading. */
const drawn = /([-.…—_=*~·•|/])(?:\s?\1){3,}/gu;
const line = "\u2500".repeat(4);

/** Share of signs that are neither text nor its punctuation (Gopher's symbol-to-word rule, arXiv 2112.11446, by characters). */
export const symbols: Measure = {
  flagAt: 0.5,
  measure: ({ text, kind }) => {
    if (kind === "code") return 0;
    const short = text.replace(attached, "").replace(drawn, line).replace(/\s/g, "");
    return clamp((short.replace(usual, "").length / Math.max(1, short.length) - 0.06) * 2.5);
  },
};
