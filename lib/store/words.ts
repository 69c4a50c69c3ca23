/**
 * Words of a text for the inverted index, and of a question for asking it.
 *
 * Scripts without spaces are cut by `Intl.Segmenter` (UAX 29 with ICU's dictionaries). Its cut of a Chinese word
 * depends on what stands around it, so a question and a text may disagree; runs of ideographs and kana are
 * therefore also indexed by overlapping pairs, as Lucene's CJKBigramFilter does, and by single characters.
 */

const segmenter = new Intl.Segmenter("und", { granularity: "word" });
const cjkGram = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]{1,2}$/u;
const cjkRun = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]+/gu;
const latinMark = /(\p{Script=Latin})\p{Mn}+/gu;

/** Full-width and half-width forms, case and Latin accents do not tell words apart. */
const fold = (text: string): string =>
  text.normalize("NFKD").replace(latinMark, "$1").normalize("NFC").toLowerCase();

const segments = function* (folded: string): Generator<string> {
  for (const { segment, isWordLike } of segmenter.segment(folded)) if (isWordLike) yield segment;
};

const grams = function* (folded: string, singles: "all" | "lone"): Generator<string> {
  for (const [run] of folded.matchAll(cjkRun)) {
    const characters = [...run];
    if (singles === "all" || characters.length === 1) yield* characters;
    for (let i = 1; i < characters.length; i++) yield `${characters[i - 1]}${characters[i]}`;
  }
};

/** Every word of a text, in no particular order, as often as it stands there. */
export const wordsOfText = (text: string): string[] => {
  const folded = fold(text);
  return [...[...segments(folded)].filter((word) => !cjkGram.test(word)), ...grams(folded, "all")];
};

/** The distinct words of a question, at most `limit`; single ideographs only where they stand alone. */
export const wordsOfQuery = (text: string, limit = 128): string[] => {
  const folded = fold(text);
  const words = new Set([...segments(folded)].filter((word) => !cjkGram.test(word)));
  for (const gram of grams(folded, "lone")) words.add(gram);
  return [...words].slice(0, limit);
};
