/** Raised whenever the same text would get another sketch: part of the fingerprint. */
export const sketchVersion = 1;

/** Min-hashes of a sketch, six bits each. */
const hashes = 120;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** Characters of a shingle: about a word of an alphabet, two or three words of Chinese. */
const shingle = 5;
const numberChars = 8;
const sketchLength = numberChars + hashes;

/** Finalizer of MurmurHash3 (Austin Appleby, public domain): every bit of the input moves every bit of the output. */
const mix = (value: number): number => {
  let x = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
};

/** FNV-1a over UTF-16 units. */
const hashOf = (text: string, from: number, to: number, seed = 0x811c9dc5): number => {
  let hash = seed;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash);
};

const seeds = Uint32Array.from({ length: hashes }, (_, i) => mix(i + 1));

/** Letters and digits alone, folded: case, spacing, punctuation and width say nothing. */
const folded = (text: string): string => {
  const plain = text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "");
  return plain === "" ? text.trim() : plain;
};

/** Two texts with other numbers are two statements, however alike they are: prices, dates, versions. */
const numbersHash = (text: string): string => {
  const numbers = (text.normalize("NFKC").match(/\p{N}+/gu) ?? []).join(" ");
  const [a, b] = [hashOf(numbers, 0, numbers.length), hashOf(numbers, 0, numbers.length, 0x9e3779b9)];
  return Array.from({ length: numberChars }, (_, i) =>
    alphabet.charAt(((i < 4 ? a : b) >>> (6 * (i % 4))) & 63),
  ).join("");
};

/**
 * What near-copies of a text have in common, made of the text alone, so that no two documents need to know of each other:
 * 128 characters, a hash of its numbers and 120 b-bit min-hashes of its five-character shingles (Broder 1997; b-bit
 * minwise hashing, Li & König 2010, b = 6). Equal texts have equal sketches, whatever their spacing and case.
 */
export const sketchOf = (text: string): string => {
  const plain = folded(text);
  const least = new Uint32Array(hashes).fill(0xffffffff);
  for (let at = 0; at === 0 || at + shingle <= plain.length; at++) {
    const hash = hashOf(plain, at, Math.min(plain.length, at + shingle));
    for (let i = 0; i < hashes; i++) {
      // Multiply-shift with a seed each: as good as a permutation for this, and a few operations.
      const value = Math.imul(hash ^ (seeds[i] ?? 0), 0x9e3779b1) >>> 0;
      if (value < (least[i] ?? 0)) least[i] = value;
    }
  }
  let sketch = numbersHash(text);
  // The high bits of a minimum are nearly always zero, the low ones of a product are poor: mixed, all are alike.
  for (const value of least) sketch += alphabet.charAt(mix(value) & 63);
  return sketch;
};

/** By chance one of 64 characters is the same. */
const chance = 1 / 64;

/** Estimated Jaccard similarity of the shingles of two texts, 0 to 1 (standard error .033 at .85); 0 for other numbers. */
export const similarityOf = (a: string, b: string): number => {
  if (a === b) return 1;
  if (a.length !== sketchLength || b.length !== sketchLength) return 0;
  if (a.slice(0, numberChars) !== b.slice(0, numberChars)) return 0;
  let same = 0;
  for (let at = numberChars; at < sketchLength; at++) if (a.charCodeAt(at) === b.charCodeAt(at)) same++;
  return Math.max(0, (same / hashes - chance) / (1 - chance));
};

/** At .85 a pair shares one of 20 bands of six with a probability of .9999, at .5 of .3. */
const bandLength = 6;
/** Sketches of a band that are compared; more of them are alike and yet not near enough only in texts made for it. */
const mostCompared = 32;

/** Where a sketch is looked for: under itself, and under each of its bands. */
const placesOf = (sketch: string): readonly string[] => {
  const places = [sketch];
  if (sketch.length !== sketchLength) return places;
  for (let at = numberChars; at < sketchLength; at += bandLength)
    places.push(`${at} ${sketch.slice(at, at + bandLength)}`);
  return places;
};

/**
 * Finds for each sketch, in the order given, an earlier one that it is a near-copy of. Locality-sensitive hashing by
 * bands: linear in the number of sketches.
 * @returns the key of that earlier one, or null when there is none; only those without one are compared with later
 */
export const copyFinder = <Key>(similarity: number): ((key: Key, sketch: string) => Key | null) => {
  type Seen = { readonly key: Key; readonly sketch: string };
  const bands = new Map<string, Seen[]>();
  const remember = (place: string, seen: Seen): void => {
    const there = bands.get(place);
    if (there === undefined) bands.set(place, [seen]);
    else if (there.length < mostCompared) there.push(seen);
  };
  return (key, sketch) => {
    if (sketch === "") return null;
    const places = placesOf(sketch);
    for (const place of places) {
      const like = bands.get(place)?.find((seen) => similarityOf(seen.sketch, sketch) >= similarity);
      if (like) return like.key;
    }
    for (const place of places) remember(place, { key, sketch });
    return null;
  };
};
