import { seededRandom } from "../../lib/cluster/random.ts";

const gaussian = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const unit = (vector: Float32Array): Float32Array => {
  const norm = Math.hypot(...vector);
  return vector.map((x) => x / norm);
};

/** `n` unit vectors around `k` random directions, row i belonging to direction i mod k; `[n, d]` and the truth `[n]`. */
export const planted = (options: { n: number; k: number; d: number; spread: number; seed: number }) => {
  const { n, k, d, spread, seed } = options;
  const random = seededRandom(seed);
  const direction = (scale: number): Float32Array =>
    Float32Array.from({ length: d }, () => (scale * gaussian(random)) / Math.sqrt(d));
  const centres = Array.from({ length: k }, () => unit(direction(1)));
  const vectors = new Float32Array(n * d);
  for (let row = 0; row < n; row++) {
    const noise = direction(spread);
    vectors.set(unit(noise.map((x, i) => x + centres[row % k]![i]!)), row * d);
  }
  return { vectors, truth: Int32Array.from({ length: n }, (_, row) => row % k) };
};

/** Unit vectors in the plane at these angles, `[n, 2]`. */
export const atAngles = (...degrees: number[]): Float32Array =>
  Float32Array.from(degrees.flatMap((a) => [Math.cos((a * Math.PI) / 180), Math.sin((a * Math.PI) / 180)]));

/** Whether two labellings group the rows in the same way. */
export const sameGroups = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  const pairs = new Set(Array.from(a, (label, row) => `${label}/${b[row]}`));
  return pairs.size === new Set(Array.from(a)).size && pairs.size === new Set(Array.from(b)).size;
};
