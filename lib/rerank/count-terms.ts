import { findPatterns, mostSets, patternBytes, roomForText } from "./find-bytes.ts";

const encoder = new TextEncoder();

/** The texts as UTF-8, one behind the other, and where each ends. */
const encodeAll = (texts: readonly string[]): { readonly bytes: Uint8Array; readonly ends: Int32Array } => {
  const bytes = roomForText(3 * texts.reduce((sum, { length }) => sum + length, 0));
  const ends = new Int32Array(texts.length);
  let end = 0;
  for (const [i, text] of texts.entries()) {
    end += encoder.encodeInto(text, bytes.subarray(end)).written;
    ends[i] = end;
  }
  return { bytes, ends };
};

/** How often each byte stands in the first texts: what is rare there is rare. */
const countBytes = (bytes: Uint8Array, end: number): Float64Array => {
  const counts = new Float64Array(256).fill(1);
  const sampled = Math.min(end, 4_096);
  for (let i = 0; i < sampled; i++) {
    const byte = bytes[i] as number;
    counts[byte] = (counts[byte] as number) + 1;
  }
  return counts;
};

/** Where the neighbouring bytes stand in a term that other words seldom have. */
const rarestPlace = (term: Uint8Array, counts: Float64Array): number => {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at === 0 || at + patternBytes <= term.length; at++) {
    let often = 1;
    for (const byte of term.subarray(at, at + patternBytes)) often *= counts[byte] as number;
    if (often < least) [best, least] = [at, often];
  }
  return best;
};

const standsAt = (bytes: Uint8Array, at: number, end: number, term: Uint8Array): boolean => {
  if (at + term.length > end) return false;
  for (let i = 0; i < term.length; i++) if (bytes[at + i] !== term[i]) return false;
  return true;
};

/**
 * How often each term stands in each text, without overlapping itself: `[terms, texts]`. One pass over the texts whatever
 * the number of terms, some ten times as fast as `indexOf` for each of eight.
 * @param terms of three bytes of UTF-8 or more
 */
export const countTerms = (terms: readonly string[], texts: readonly string[]): Uint32Array => {
  const counts = new Uint32Array(terms.length * texts.length);
  const { bytes, ends } = encodeAll(texts);
  const end = ends.at(-1) ?? 0;
  const often = countBytes(bytes, end);
  const encoded = terms.map((term) => encoder.encode(term));
  const places = encoded.map((term) => rarestPlace(term, often));
  const patterns = encoded.map((term, i) => term.subarray(places[i], (places[i] ?? 0) + patternBytes));
  const sets = Array.from({ length: mostSets }, (_, set) => patterns.filter((_, i) => i % mostSets === set));
  /** Where the last occurrence of each term ended. */
  const past = new Int32Array(terms.length);
  let [text, start] = [0, 0];
  const look = (term: number, from: number): void => {
    const own = encoded[term] as Uint8Array;
    const least = Math.max(start, past[term] as number);
    if (from < least || !standsAt(bytes, from, ends[text] as number, own)) return;
    past[term] = from + own.length;
    const cell = term * texts.length + text;
    counts[cell] = (counts[cell] as number) + 1;
  };
  findPatterns(sets, end, (at, fitting) => {
    while (at >= (ends[text] as number)) start = ends[text++] as number;
    for (let left = fitting; left > 0; left &= left - 1)
      for (let term = 31 - Math.clz32(left & -left); term < terms.length; term += mostSets)
        look(term, at - (places[term] as number));
  });
  return counts;
};
