import type { Measure } from "../measure.ts";
import { clamp } from "../subject.ts";

/** Undecodable bytes, and characters that no text has: C1 controls and private use. */
const broken = /[\ufffd\u0080-\u009f\ue000-\uf8ff]/gu;
/** UTF-8 read as Windows-1252: a lead byte followed by a continuation byte. */
const utf8AsLatin = /[ÂÃâãåæäçèéï][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]+/gu;
/** Any double-byte text read as Latin-1: letters with accents in a row. */
const accents = /[\u00a1-\u00ff]{3,}/gu;
/** UTF-8 read as GBK or Shift-JIS, and what Windows' debug fillers and U+FFFD look like in GBK. */
const utf8AsAsian = /[鐨槸鍦鏈涓浜锛銆鈥锟斤拷烫屯锘鍙鏃鐢涔繧縺繝鍜屼笉浠杩瑕鎴戣绗缃椂闂瀛鏂鐞嗗]/gu;
const halfKana = /[\p{Script=Han}][\uff61-\uff9f]|[\uff61-\uff9f][\p{Script=Han}]/gu;

const covered = (text: string, pattern: RegExp): number =>
  text.match(pattern)?.reduce((sum, found) => sum + found.length, 0) ?? 0;

/** Share of what betrays text that was decoded as something that it is not. */
export const mojibake: Measure = {
  flagAt: 0.25,
  decisive: true,
  measure: ({ text, length }) => {
    const bad =
      2 * covered(text, broken) +
      covered(text, utf8AsLatin) +
      covered(text, accents) +
      covered(text, utf8AsAsian) +
      covered(text, halfKana);
    return clamp((bad / length - 0.01) * 4);
  },
};
