import { seededRandom } from "../cluster/random.ts";

/** A mean over questions and its 95 % interval. */
export type Estimate = { readonly mean: number; readonly low: number; readonly high: number };

export const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Percentile bootstrap over questions (Efron 1979; for retrieval: Sakai, SIGIR 2006). Of differences between two systems
 * on the same questions it is the paired bootstrap. The same values and seed give the same interval.
 */
export const bootstrap = (
  values: readonly number[],
  { seed = 1, resamples = 2_000 }: { seed?: number; resamples?: number } = {},
): Estimate => {
  const random = seededRandom(seed);
  const means = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[Math.floor(random() * values.length)] ?? 0;
    means[r] = values.length === 0 ? 0 : sum / values.length;
  }
  means.sort();
  const at = (share: number): number => means[Math.round(share * (resamples - 1))] ?? 0;
  return { mean: mean(values), low: at(0.025), high: at(0.975) };
};
