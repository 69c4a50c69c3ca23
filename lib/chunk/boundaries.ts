/** How good a place to cut is: the higher, the more the texts before and after stand by themselves. */
export const strength = { inside: 0, clause: 1, sentence: 2, line: 3, paragraph: 4 } as const;
export type Strength = (typeof strength)[keyof typeof strength];

/** `[start, end)` of a text and how good the place after it is. */
export type Range = { readonly start: number; readonly end: number; readonly after: Strength };

type Cut = { readonly end: number; readonly after: Strength };

/** Looks at one place; null: no cut here. Never looks further back or ahead than the run it is in, so scans stay linear. */
type FindCut = (text: string, at: number, end: number) => Cut | null;

const asianEnds = new Set("。！？；…｡︒");
const latinEnds = new Set(".!?");
const closers = new Set("”’」』）】》〉〗\"')]*_");
const clauseMarks = new Set("，、：—｜");
const latinClauseMarks = new Set(",;:|–");

const isSpace = (char: string): boolean => char !== "" && char.trim() === "";

const skip = (text: string, from: number, end: number, wanted: (char: string) => boolean): number => {
  let at = from;
  while (at < end && wanted(text.charAt(at))) at++;
  return at;
};

const inLine = (char: string): boolean => char !== "\n" && isSpace(char);

/** Words before a full stop that does not end a sentence. */
const abbreviation =
  /(?:^|[\s("'[])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|No|Nos|Fig|Figs|Eq|Sec|Ch|Vol|pp?|vs|cf|al|ca|approx|e\.g|i\.e|Inc|Ltd|Co)$/;

const isAbbreviation = (text: string, at: number): boolean =>
  text.charAt(at) === "." && abbreviation.test(text.slice(Math.max(0, at - 9), at));

const lineCut: FindCut = (text, at, end) => {
  const next = skip(text, at, end, isSpace);
  let lines = 0;
  for (let i = at; i < next; i++) if (text.charAt(i) === "\n") lines++;
  return { end: next, after: lines > 1 ? strength.paragraph : strength.line };
};

/** The end of a run of stops and closing quotes with the spaces after it; a line end there is the better cut. */
const sentenceCut: FindCut = (text, at, end) => {
  const asian = asianEnds.has(text.charAt(at));
  const stops = skip(text, at, end, (char) => asianEnds.has(char) || latinEnds.has(char));
  const closed = skip(text, stops, end, (char) => closers.has(char));
  const next = text.charAt(closed);
  if (!asian && closed < end && (!isSpace(next) || isAbbreviation(text, at))) return null;
  const spaces = skip(text, closed, end, inLine);
  if (text.charAt(spaces) === "\n" && spaces < end) return null;
  if (!asian && /^\p{Ll}/u.test(text.slice(spaces, spaces + 2))) return null;
  return { end: spaces, after: strength.sentence };
};

/** Lines and sentences, English and Chinese. */
export const sentenceEnds: FindCut = (text, at, end) => {
  const char = text.charAt(at);
  if (char === "\n") return lineCut(text, at, end);
  return asianEnds.has(char) || latinEnds.has(char) ? sentenceCut(text, at, end) : null;
};

export const lineEnds: FindCut = (text, at, end) =>
  text.charAt(at) === "\n" ? lineCut(text, at, end) : null;

export const clauseEnds: FindCut = (text, at, end) => {
  const char = text.charAt(at);
  if (clauseMarks.has(char)) return { end: skip(text, at + 1, end, isSpace), after: strength.clause };
  if (!latinClauseMarks.has(char) || !isSpace(text.charAt(at + 1))) return null;
  return { end: skip(text, at + 1, end, isSpace), after: strength.clause };
};

/** Cuts `[start, end)` wherever `find` says; the ranges cover it without gaps, the last one is followed by `after`. */
export const cutAt = (text: string, { start, end, after }: Range, find: FindCut): readonly Range[] => {
  const ranges: Range[] = [];
  let from = start;
  let at = start;
  while (at < end) {
    const cut = find(text, at, end);
    if (cut && cut.end < end) ranges.push({ start: from, ...cut });
    at = cut ? cut.end : nextPlace(text, at, end);
    if (cut && cut.end < end) from = cut.end;
  }
  ranges.push({ start: from, end, after });
  return ranges;
};

/** A run of stops that cut nothing ("......x") is looked at once, not from each of its characters. */
const nextPlace = (text: string, at: number, end: number): number =>
  latinEnds.has(text.charAt(at)) ? skip(text, at, end, (char) => latinEnds.has(char)) : at + 1;

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

const isLowSurrogate = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff;

/** The last place at most `length` after `from` that is not inside a character as people see it. */
const graphemeCut = (text: string, from: number, length: number): number => {
  const view = text.slice(from, from + length + 32);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII without CR has no composed characters
  if (/^[\u0000-\u000c\u000e-\u007f]*$/.test(view)) return from + length;
  let cut = 0;
  for (const { index, segment } of segmenter.segment(view)) {
    if (cut > 0 && index + segment.length > length) break;
    cut = index + segment.length;
  }
  return from + cut;
};

const codePointCut = (text: string, from: number): number =>
  from + (isLowSurrogate(text.charCodeAt(from + 1)) ? 2 : 1);

/** After the last white space in the second half of the window, or −1. */
const wordCut = (text: string, from: number, length: number): number => {
  for (let at = from + length; at > from + length / 2; at--) if (isSpace(text.charAt(at - 1))) return at;
  return -1;
};

/**
 * Slices of about `length` UTF-16 units, between words where there are any, else between characters as people see
 * them; with `length` 1, between code points.
 */
export const sliceEvery = (text: string, { start, end, after }: Range, length: number): readonly Range[] => {
  const ranges: Range[] = [];
  let from = start;
  while (end - from > length) {
    const word = length > 1 ? wordCut(text, from, length) : -1;
    const other = length > 1 ? graphemeCut(text, from, length) : codePointCut(text, from);
    const cut = word === -1 ? other : word;
    if (cut >= end) break;
    ranges.push({ start: from, end: cut, after: word === -1 ? strength.inside : strength.clause });
    from = cut;
  }
  ranges.push({ start: from, end, after });
  return ranges;
};

/** Bytes of `[start, end)` in UTF-8, without making them. */
export const utf8Length = (text: string, start = 0, end = text.length): number => {
  let bytes = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x80) bytes += 1;
    else if (code < 0x800) bytes += 2;
    // Half of a surrogate pair: the pair has four.
    else if (code >= 0xd800 && code <= 0xdfff) bytes += 2;
    else bytes += 3;
  }
  return bytes;
};
