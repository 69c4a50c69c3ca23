import type { Measure } from "../measure.ts";
import { clamp } from "../subject.ts";

/** A sign in the middle of a word that does not belong there, or a word of nothing but signs. */
const broken =
  /[\p{L}\p{N}][^\p{L}\p{M}\p{N}\p{Cf}\s'’.,:@&+/%°()（）"“”《》「」—–…‑-]+[\p{L}\p{N}]|^[^\p{L}\p{N}\s]{2,}$|\p{Ll}\p{Lu}\p{Ll}/u;
/** Ideographs stand side by side; signs of alphabets and spaces between them come from a bad scan. */
const brokenChinese = /(?<=[\p{Script=Han}，。、])(?:[ \t]+|[!-/:-@[-`{-~¡-¿]+)(?=[\p{Script=Han}，。、])/gu;
const usualChinese = /^[ \t]*[,.;:!?()"'|/-]?[ \t]*$/;

/** Share of words with something in them that no writer put there. */
export const brokenWords: Measure = {
  flagAt: 0.5,
  measure: ({ text, kind, latin, ideographs }) => {
    if (kind !== "prose") return 0;
    if (ideographs.length > latin.length) {
      const gaps = text.match(brokenChinese) ?? [];
      const odd = gaps.filter((gap) => !usualChinese.test(gap)).length;
      return clamp(((odd + (gaps.length - odd) / 8) / ideographs.length - 0.02) * 10);
    }
    const words = text.split(/\s+/).filter((word) => word !== "");
    if (words.length < 5) return 0;
    return clamp((words.filter((word) => broken.test(word)).length / words.length - 0.05) * 3);
  },
};
