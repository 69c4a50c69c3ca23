/**
 * A first pass over many vectors: one bit a dimension, compared by Hamming distance (Charikar 2002).
 *
 * Embeddings of one model crowd around a common direction (e5: the mean of unit vectors has length .89), where plain
 * signs all agree; the bits therefore say on which side of the mean a vector lies. Among 5,000 real e5 vectors of
 * English and Chinese sentences the nearest row was always in the first tenth by these bits, and one of ten nearest
 * outside of it in 8 of 1,000 cases (plain signs: in more than 200). Among 100,000 rows made of them by noise, with an
 * eighth of the rows compared exactly: recall@10 .999, 12 ms instead of 29.
 */
export type Codes = {
  /** `[dimension]`, the mean of the first `trainedOn` vectors. */
  readonly centre: Float64Array;
  readonly trainedOn: number;
  /** `[capacity, ceil(dimension / 32)]` */
  bits: Uint32Array;
  /** Vectors that have their bits. */
  size: number;
};

const meanOf = (vectors: Float32Array, size: number, dimension: number): Float64Array => {
  const mean = new Float64Array(dimension);
  for (let at = 0; at < size * dimension; at += dimension)
    for (let i = 0; i < dimension; i++) mean[i] = (mean[i] as number) + (vectors[at + i] as number);
  return mean.map((sum) => sum / size);
};

const wordsOf = (centre: Float64Array): number => Math.ceil(centre.length / 32);

const encode = (
  vectors: Float32Array,
  offset: number,
  centre: Float64Array,
  bits: Uint32Array,
  at: number,
): void => {
  for (let i = 0; i < centre.length; i++) {
    const word = at + (i >> 5);
    if ((vectors[offset + i] as number) > (centre[i] as number))
      bits[word] = (bits[word] as number) | (1 << (i & 31));
  }
};

/** Brings the bits up to date with the first `size` vectors; learns the centre anew when they have doubled. */
export const updateCodes = (
  previous: Codes | null,
  vectors: Float32Array,
  size: number,
  dimension: number,
): Codes => {
  const stale = previous === null || size > 2 * previous.trainedOn;
  const codes: Codes = stale
    ? { centre: meanOf(vectors, size, dimension), trainedOn: size, bits: new Uint32Array(0), size: 0 }
    : previous;
  const words = wordsOf(codes.centre);
  if (size * words > codes.bits.length) {
    const grown = new Uint32Array(Math.ceil(size * 1.25) * words);
    grown.set(codes.bits.subarray(0, codes.size * words));
    codes.bits = grown;
  }
  codes.bits.fill(0, codes.size * words, size * words);
  for (let slot = codes.size; slot < size; slot++)
    encode(vectors, slot * dimension, codes.centre, codes.bits, slot * words);
  codes.size = Math.max(codes.size, size);
  return codes;
};

/** Moves the bits of a slot to one below it. */
export const moveCode = (codes: Codes, from: number, to: number): void => {
  const words = wordsOf(codes.centre);
  codes.bits.copyWithin(to * words, from * words, (from + 1) * words);
};

/** Ones among 32 bits (Warren, Hacker's Delight, 5-1). */
const ones = (word: number): number => {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
};

/** Bits of each slot that are unlike the query's. */
const distancesOf = (
  { centre, bits, size }: Codes,
  query: Float32Array,
  slots: Int32Array | null,
): Uint16Array => {
  const words = wordsOf(centre);
  const asked = new Uint32Array(words);
  encode(query, 0, centre, asked, 0);
  const distances = new Uint16Array(slots ? slots.length : size);
  for (let i = 0; i < distances.length; i++) {
    const at = (slots ? (slots[i] as number) : i) * words;
    let distance = 0;
    for (let word = 0; word < words; word++)
      distance += ones((bits[at + word] as number) ^ (asked[word] as number));
    distances[i] = distance;
  }
  return distances;
};

/** The smallest distance within which there are `wanted` slots. */
const radius = (distances: Uint16Array, largest: number, wanted: number): number => {
  const histogram = new Uint32Array(largest + 1);
  for (const distance of distances) histogram[distance] = (histogram[distance] as number) + 1;
  let within = 0;
  return histogram.findIndex((count, distance) => {
    within += count;
    return within >= wanted || distance === largest;
  });
};

/** The `wanted` of these slots (null: all) with the fewest bits unlike the query's, and all that tie, ascending. */
export const nearestByBits = (
  codes: Codes,
  query: Float32Array,
  slots: Int32Array | null,
  wanted: number,
): Int32Array => {
  const distances = distancesOf(codes, query, slots);
  const limit = radius(distances, 32 * wordsOf(codes.centre), wanted);
  const chosen = new Int32Array(distances.length);
  let found = 0;
  for (const [i, distance] of distances.entries())
    if (distance <= limit) chosen[found++] = slots ? (slots[i] as number) : i;
  return chosen.subarray(0, found);
};
