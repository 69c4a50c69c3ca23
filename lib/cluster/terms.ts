import { stopWords } from "./stop-words.ts";

/** Longest part of a text that is looked at, in UTF-16 code units. */
const maxChars = 4_000;

/** A phrase counts when it is so much of what the more frequent of its words is. */
const phraseShare = 0.4;
/** A Han character alone is as often a syllable of a foreign name as a word. */
const oneHanWeight = 0.5;

const segmenter = new Intl.Segmenter("und", { granularity: "word" });

const oneHan = /^\p{Script=Han}$/u;
const latin = /^\p{Script=Latin}/u;
/** A letter alone says nothing, unless it is a Han character; nor does a number. */
const longEnough = /^(?:\p{Script=Han}.*|\p{L}[\p{L}\p{M}\p{N}'’-]+)$/u;

const blank = /^\s+$/u;

const nameable = (word: string): boolean => longEnough.test(word) && !stopWords.has(word);

/** Words in lower case, stop words and signs as gaps (""), so that what stood apart is not joined; blanks as " ". */
const rawWords = (text: string): readonly string[] =>
  [...segmenter.segment(text.slice(0, maxChars).normalize("NFKC"))].map(({ segment, isWordLike }) => {
    if (blank.test(segment)) return " ";
    const word = segment.toLowerCase();
    return isWordLike && nameable(word) ? word : "";
  });

const joinedWords = (raw: readonly string[]): readonly string[] => {
  const words: string[] = [];
  let run = "";
  const flush = (): void => {
    if (run.length > 3) words.push(...run);
    else if (run !== "") words.push(run);
    run = "";
  };
  for (const word of raw) {
    if (oneHan.test(word)) {
      run += word;
      continue;
    }
    flush();
    if (word.trim() !== "") words.push(word);
  }
  flush();
  return words;
};

/**
 * The words of a text that may name its subject, in lower case. Two or three Han characters that the dictionary leaves
 * apart, side by side, are one word that it does not know.
 */
export const contentWords = (text: string): readonly string[] => joinedWords(rawWords(text));

/** Two words with a blank between them: "boundary layer". */
const phrasesIn = (raw: readonly string[]): readonly string[] => {
  const phrases: string[] = [];
  for (let at = 2; at < raw.length; at++) {
    const [first, second] = [raw[at - 2] as string, raw[at] as string];
    if (raw[at - 1] === " " && latin.test(first) && latin.test(second) && first !== second)
      phrases.push(`${first} ${second}`);
  }
  return phrases;
};

type Counts = Map<string, number>;

const countInto = (counts: Counts, words: Iterable<string>): void => {
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
};

/** Words and phrases of the texts, each counted twice a text at most, so that one text does not name its group alone. */
const countTerms = (texts: readonly string[]): Counts => {
  const counts: Counts = new Map();
  for (const text of texts) {
    const raw = rawWords(text);
    const inText: Counts = new Map();
    countInto(inText, joinedWords(raw));
    countInto(inText, phrasesIn(raw));
    for (const [term, n] of inText) counts.set(term, (counts.get(term) ?? 0) + Math.min(2, n));
  }
  return counts;
};

/** Whether a phrase is how its words are said here: neither often stands without the other. */
const isSaid = (phrase: string, counts: Counts): boolean => {
  const parts = phrase.split(" ").map((word) => counts.get(word) ?? 0);
  return (counts.get(phrase) ?? 0) >= phraseShare * Math.max(...parts);
};

/** Of one form for the plural and the singular. */
const singular = (word: string): string =>
  word
    .replace(/ies$/u, "y")
    .replace(/(s|x|ch|sh)es$/u, "$1")
    .replace(/(?<=[^s])s$/u, "");

/** The first terms that say something new: no word twice, be it in the plural or in a phrase. */
const firstOf = (terms: readonly string[], count: number): readonly string[] => {
  const [chosen, said] = [[] as string[], new Set<string>()];
  for (const term of terms) {
    if (chosen.length === count) break;
    const words = term.split(" ").map(singular);
    if (words.some((word) => said.has(word))) continue;
    for (const word of words) said.add(word);
    chosen.push(term);
  }
  return chosen;
};

const topTerms = (
  counts: Counts,
  everywhere: Counts,
  wordsPerCluster: number,
  count: number,
): readonly string[] => {
  const weightOf = (term: string, n: number): number =>
    n * Math.log(1 + wordsPerCluster / (everywhere.get(term) ?? n)) * (oneHan.test(term) ? oneHanWeight : 1);
  const weights = new Map(
    [...counts]
      .filter(([term]) => !term.includes(" ") || isSaid(term, counts))
      .map(([term, n]) => [term, weightOf(term, n)]),
  );
  // A phrase stands just before the better of its words.
  for (const [term, weight] of weights) {
    const own = term.split(" ").map((word) => weights.get(word) ?? 0);
    if (own.length > 1) weights.set(term, Math.max(weight, 1.000001 * Math.max(...own)));
  }
  const sorted = [...weights].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return firstOf(
    sorted.map(([term]) => term),
    count,
  );
};

/**
 * The words, and phrases of two words, that set each group of texts apart from the others, best first, by class-based
 * TF-IDF (Grootendorst 2022): frequency in the group × ln(1 + words a group / frequency in all groups).
 */
export const groupTerms = (
  groups: readonly (readonly string[])[],
  count: number,
): readonly (readonly string[])[] => {
  const counts = groups.map(countTerms);
  const everywhere: Counts = new Map();
  for (const own of counts)
    for (const [term, n] of own) everywhere.set(term, (everywhere.get(term) ?? 0) + n);
  const words = [...everywhere].filter(([term]) => !term.includes(" "));
  const total = words.reduce((sum, [, n]) => sum + n, 0);
  return counts.map((own) => topTerms(own, everywhere, total / groups.length, count));
};
