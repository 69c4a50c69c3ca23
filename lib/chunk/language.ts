/** Raised whenever the same text would get another language: part of the fingerprint. */
export const languageVersion = 1;

/** Longer texts are judged by their beginning. */
const sampleLength = 2_000;

const scripts = {
  han: /\p{Script=Han}/gu,
  kana: /[\p{Script=Hiragana}\p{Script=Katakana}]/gu,
  hangul: /\p{Script=Hangul}/gu,
  latin: /\p{Script=Latin}/gu,
  letter: /\p{L}/gu,
} as const;

/** Words that nearly every English sentence has and other Latin-script languages do not. */
const englishWords =
  /\b(?:the|and|of|to|is|are|was|were|with|that|this|for|from|by|it|as|on|at|be|or|an|not|have|has|you|your|we|which|when|how)\b/gi;

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

const primarySubtag = (tag: string): string => {
  const subtag = tag.trim().toLowerCase().split(/[-_]/)[0] ?? "";
  return /^[a-z]{2}$/.test(subtag) ? subtag : "und";
};

const latinLanguage = (sample: string, declared: string): string => {
  const words = count(sample, /\p{L}+/gu);
  if (count(sample, englishWords) / words > 0.08) return "en";
  if (declared !== "und") return declared;
  // Labels, names and numbers have no grammar; plain ASCII is most likely English.
  return /[^\p{ASCII}\p{P}\p{S}\p{Z}]/u.test(sample) ? "und" : "en";
};

/**
 * A cheap guess by scripts: ISO 639-1 code or "und". One Han character weighs as much as two Latin letters, since a
 * Chinese text that names products in English is Chinese.
 * @param declared language of the whole document as its file says (`zh-CN`, `en`); used where the script cannot tell.
 */
export const guessLanguage = (text: string, declared = ""): string => {
  const sample = text.slice(0, sampleLength);
  const fallback = primarySubtag(declared);
  const letters = count(sample, scripts.letter);
  if (letters === 0) return fallback;
  const han = count(sample, scripts.han);
  const kana = count(sample, scripts.kana);
  const hangul = count(sample, scripts.hangul);
  const latin = count(sample, scripts.latin);
  const asian = han + kana + hangul;
  if (asian * 2 >= latin && asian * 2 >= letters - latin - asian) {
    if (hangul * 2 >= asian) return "ko";
    return kana * 10 >= asian ? "ja" : "zh";
  }
  return latin * 2 >= letters ? latinLanguage(sample, fallback) : fallback;
};
