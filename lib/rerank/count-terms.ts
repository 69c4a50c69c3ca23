/** Reused from call to call: a question's candidates are some hundred kilobytes of text. */
let pairs = new Uint16Array(0);

const encoder = new TextEncoder();

/** The texts as UTF-8, one behind the other, and where each ends. */
const encodeAll = (texts: readonly string[]): { readonly bytes: Uint8Array; readonly ends: Int32Array } => {
  const most = 3 * texts.reduce((sum, { length }) => sum + length, 0);
  if (pairs.byteLength < most) pairs = new Uint16Array(Math.ceil(most / 2));
  const bytes = new Uint8Array(pairs.buffer);
  const ends = new Int32Array(texts.length);
  let end = 0;
  for (const [i, text] of texts.entries()) {
    end += encoder.encodeInto(text, bytes.subarray(end)).written;
    ends[i] = end;
  }
  return { bytes, ends };
};

/** How often each pair of bytes stands in the first texts: what is rare there is rare. */
const countPairs = (bytes: number): Uint16Array => {
  const counts = new Uint16Array(65_536);
  const sampled = Math.min(bytes >> 1, 4_096);
  for (let i = 0; i < sampled; i++) {
    const pair = pairs[i] as number;
    counts[pair] = (counts[pair] as number) + 1;
  }
  return counts;
};

const pairOf = new Uint16Array(1);
const bytesOfPair = new Uint8Array(pairOf.buffer);
const pairAt = (term: Uint8Array, at: number): number => {
  bytesOfPair.set(term.subarray(at, at + 2));
  return pairOf[0] as number;
};

/** Where in a term the two neighbouring pairs of bytes are that other words seldom have. */
const rarestPlace = (term: Uint8Array, counts: Uint16Array): number => {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at + 3 <= term.length; at++) {
    const often = (counts[pairAt(term, at)] as number) + (counts[pairAt(term, at + 1)] as number);
    if (often < least) [best, least] = [at, often];
  }
  return best;
};

/**
 * Finds terms by a pair of bytes at an even place: entry 2i + 1 says that term i may have begun `places[i]` bytes before
 * it, entry 2i + 2 one more. `first` has the first entry of a pair, or 0; `next` leads to the others, earlier places
 * before later ones.
 */
const byPairs = (terms: readonly Uint8Array[], counts: Uint16Array) => {
  const places = terms.map((term) => rarestPlace(term, counts));
  const first = new Uint8Array(65_536);
  const next = new Uint8Array(2 * terms.length + 1);
  for (const more of [0, 1])
    for (const [i, term] of terms.entries()) {
      const pair = pairAt(term, (places[i] as number) + more);
      const entry = 2 * i + 1 + more;
      next[entry] = first[pair] as number;
      first[pair] = entry;
    }
  return { places, first, next };
};

const standsAt = (bytes: Uint8Array, at: number, end: number, term: Uint8Array): boolean => {
  if (at + term.length > end) return false;
  for (let i = 0; i < term.length; i++) if (bytes[at + i] !== term[i]) return false;
  return true;
};

/** The next pair from `from` on, of those before `to`, that is one of a term; `to` when there is none. */
const nextPair = (first: Uint8Array, from: number, to: number): number => {
  for (let i = from; i < to; i++) if ((first[pairs[i] as number] as number) > 0) return i;
  return to;
};

/**
 * How often each term stands in each text, without overlapping itself: `[terms, texts]`. One pass over every other byte
 * of the texts whatever the number of terms, some six times as fast as `indexOf` for each of eight.
 * @param terms at most 100, of three bytes of UTF-8 or more
 */
export const countTerms = (terms: readonly string[], texts: readonly string[]): Uint32Array => {
  const counts = new Uint32Array(terms.length * texts.length);
  const { bytes, ends } = encodeAll(texts);
  const encoded = terms.map((term) => encoder.encode(term));
  const { places, first, next } = byPairs(encoded, countPairs(ends.at(-1) ?? 0));
  /** Where the last occurrence of each term ended. */
  const past = new Int32Array(terms.length);
  const visit = (pair: number, text: number, start: number, end: number): void => {
    for (let entry = first[pairs[pair] as number] as number; entry > 0; entry = next[entry] as number) {
      const term = (entry - 1) >> 1;
      const at = 2 * pair - (places[term] as number) - ((entry - 1) & 1);
      const own = encoded[term] as Uint8Array;
      if (at < Math.max(start, past[term] as number) || !standsAt(bytes, at, end, own)) continue;
      past[term] = at + own.length;
      const cell = term * texts.length + text;
      counts[cell] = (counts[cell] as number) + 1;
    }
  };
  for (let text = 0, start = 0; text < texts.length; text++) {
    const end = ends[text] as number;
    const to = end >> 1;
    for (let i = nextPair(first, (start + 1) >> 1, to); i < to; i = nextPair(first, i + 1, to))
      visit(i, text, start, end);
    start = end;
  }
  return counts;
};
