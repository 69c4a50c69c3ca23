import { stopWords } from "./stop-words.ts";

/** Longest part of a text that is looked at, in UTF-16 code units. */
const maxChars = 4_000;

const segmenter = new Intl.Segmenter("und", { granularity: "word" });

const oneHan = /^\p{Script=Han}$/u;
/** A letter alone says nothing, unless it is a Han character; nor does a number. */
const longEnough = /^(?:\p{Script=Han}.*|\p{L}[\p{L}\p{M}\p{N}'’-]+)$/u;

/** Words in lower case, stop words as gaps (""), so that what stood apart is not joined. */
const rawWords = (text: string): readonly string[] =>
  [...segmenter.segment(text.slice(0, maxChars).normalize("NFKC"))].map(({ segment, isWordLike }) => {
    const word = segment.toLowerCase();
    return isWordLike && longEnough.test(word) && !stopWords.has(word) ? word : "";
  });

/**
 * The words of a text that may name its subject, in lower case. Two or three Han characters that the dictionary leaves
 * apart, side by side, are one word that it does not know.
 */
export const contentWords = (text: string): readonly string[] => {
  const words: string[] = [];
  let run = "";
  const flush = (): void => {
    if (run.length > 3) words.push(...run);
    else if (run !== "") words.push(run);
    run = "";
  };
  for (const word of rawWords(text)) {
    if (oneHan.test(word)) {
      run += word;
      continue;
    }
    flush();
    if (word !== "") words.push(word);
  }
  flush();
  return words;
};

const countInto = (counts: Map<string, number>, words: Iterable<string>): void => {
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
};

const topTerms = (
  counts: ReadonlyMap<string, number>,
  everywhere: ReadonlyMap<string, number>,
  wordsPerCluster: number,
  count: number,
): readonly string[] =>
  [...counts]
    .map(([word, n]) => ({ word, weight: n * Math.log(1 + wordsPerCluster / (everywhere.get(word) ?? n)) }))
    .sort((a, b) => b.weight - a.weight || (a.word < b.word ? -1 : 1))
    .slice(0, count)
    .map(({ word }) => word);

/**
 * The words that set each group of texts apart from the others, best first, by class-based TF-IDF (Grootendorst 2022):
 * frequency in the group × ln(1 + words a group / frequency in all groups). A text counts a word twice at most, so that
 * one text does not name its group alone.
 */
export const groupTerms = (
  groups: readonly (readonly string[])[],
  count: number,
): readonly (readonly string[])[] => {
  const everywhere = new Map<string, number>();
  const counts = groups.map((texts) => {
    const own = new Map<string, number>();
    for (const text of texts) {
      const inText = new Map<string, number>();
      countInto(inText, contentWords(text));
      for (const [word, n] of inText) own.set(word, (own.get(word) ?? 0) + Math.min(2, n));
    }
    for (const [word, n] of own) everywhere.set(word, (everywhere.get(word) ?? 0) + n);
    return own;
  });
  const total = [...everywhere.values()].reduce((sum, n) => sum + n, 0);
  return counts.map((own) => topTerms(own, everywhere, total / groups.length, count));
};
