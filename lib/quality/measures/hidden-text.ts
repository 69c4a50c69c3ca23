import type { Measure } from "../measure.ts";
import { clamp } from "../subject.ts";

/**
 * Characters that nobody sees: zero-width ones, changes of direction, invisible operators. ZWJ and ZWNJ belong to emoji,
 * Persian and Indic scripts and are left out beside them.
 */
const invisible =
  /[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u180e\u115f\u1160\u3164\uffa0]/gu;
const joiners = /(?<=\p{Script=Latin}|\p{Script=Han}|\p{N}|\p{P}|\s|\u200b|\u200c|\u200d)(?:\u200c|\u200d)/gu;
/** The tag block and variation selectors of plane 14 spell whole sentences that only a model reads. */
const tags = /[\u{e0000}-\u{e01ef}]/gu;

/** One or two stray ones come from word processors; a message in them does not. */
export const hiddenText: Measure = {
  flagAt: 0.4,
  decisive: true,
  measure: ({ text }) => {
    const unseen = (text.match(invisible)?.length ?? 0) + (text.match(joiners)?.length ?? 0);
    // Flags of England, Scotland and Wales are tags too, each six of them after a black flag.
    const spelled = (text.replace(/\u{1f3f4}[\u{e0061}-\u{e007f}]{5,7}/gu, "").match(tags)?.length ?? 0) * 4;
    return clamp((unseen + spelled - 2) / 12);
  },
};
