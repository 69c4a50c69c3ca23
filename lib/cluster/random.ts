/**
 * Uniform numbers in [0, 1) from a 32-bit seed: the same seed gives the same sequence on every machine.
 * Mulberry32 (Tommy Ettinger, public domain): 2³² states are plenty for seeding and sampling, not for secrets.
 */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** `count` different integers below `n`, in random order (all of them when `count ≥ n`). */
export const sampleIndices = (n: number, count: number, random: () => number): Int32Array => {
  const indices = Int32Array.from({ length: n }, (_, i) => i);
  const taken = Math.min(count, n);
  for (let i = 0; i < taken; i++) {
    const j = i + Math.floor(random() * (n - i));
    const kept = indices[i] ?? 0;
    indices[i] = indices[j] ?? 0;
    indices[j] = kept;
  }
  return indices.subarray(0, taken);
};
