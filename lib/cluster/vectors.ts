/**
 * Dot product of row `i` of `a` and row `j` of `b`, both `[·, d]` row-major: the cosine of unit vectors.
 * Four sums side by side: one alone waits for each addition to end, which takes three times as long.
 */
export const dotRows = (a: Float32Array, i: number, b: Float32Array, j: number, d: number): number => {
  let at = i * d;
  let bt = j * d;
  const end = at + d;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (; at + 4 <= end; at += 4, bt += 4) {
    s0 += (a[at] as number) * (b[bt] as number);
    s1 += (a[at + 1] as number) * (b[bt + 1] as number);
    s2 += (a[at + 2] as number) * (b[bt + 2] as number);
    s3 += (a[at + 3] as number) * (b[bt + 3] as number);
  }
  for (; at < end; at++, bt++) s0 += (a[at] as number) * (b[bt] as number);
  return s0 + s1 + (s2 + s3);
};

/** Cosine distance of two unit vectors, kept within [0, 2] against rounding. */
export const cosineDistance = (similarity: number): number => Math.min(2, Math.max(0, 1 - similarity));

/** Rows `indices` of `vectors` `[n, d]`, as `[indices.length, d]`, in `rows` where there is room already. */
export const takeRows = (
  vectors: Float32Array,
  d: number,
  indices: ArrayLike<number>,
  rows: Float32Array = new Float32Array(indices.length * d),
): Float32Array => {
  for (let i = 0; i < indices.length; i++) {
    const from = (indices[i] ?? 0) * d;
    rows.set(vectors.subarray(from, from + d), i * d);
  }
  return rows;
};

/**
 * Unit vectors along the sums `[k, d]`. A sum of nothing, or of opposites, has no direction: `fallback`'s row stays.
 */
export const normalisedRows = (sums: Float64Array, d: number, fallback: Float32Array): Float32Array => {
  const rows = fallback.slice();
  for (let from = 0; from < sums.length; from += d) {
    let squares = 0;
    for (let at = from; at < from + d; at++) squares += (sums[at] as number) ** 2;
    const norm = Math.sqrt(squares);
    if (norm < 1e-9) continue;
    for (let at = from; at < from + d; at++) rows[at] = (sums[at] as number) / norm;
  }
  return rows;
};

/** Rows `[d]`, or parts of some rows each, one below the other: `[rows, d]`. */
export const joinedRows = (parts: readonly Float32Array[]): Float32Array => {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};
