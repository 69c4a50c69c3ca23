import { seededRandom } from "../../lib/cluster/random.ts";

/** `score`: the higher, the better the chunk is held to be. */
export type Scored = { readonly score: number; readonly junk: boolean };

/** Chance that a good chunk scores above a junk one, ties half: area under the ROC curve by ranks (Mann–Whitney). */
export const auc = (scored: readonly Scored[]): number => {
  const sorted = [...scored].sort((a, b) => a.score - b.score);
  let ranks = 0;
  for (let from = 0; from < sorted.length; ) {
    let to = from;
    while (to < sorted.length && sorted[to]?.score === sorted[from]?.score) to++;
    for (let i = from; i < to; i++) if (!sorted[i]?.junk) ranks += (from + to + 1) / 2;
    from = to;
  }
  const good = scored.filter(({ junk }) => !junk).length;
  return (ranks - (good * (good + 1)) / 2) / (good * (scored.length - good));
};

const resamples = 1_000;

/** 95 % interval over resampled good chunks and resampled junk. */
export const aucInterval = (scored: readonly Scored[]): readonly [number, number] => {
  const random = seededRandom(7);
  const classes = [scored.filter(({ junk }) => junk), scored.filter(({ junk }) => !junk)];
  const draw = (from: readonly Scored[]) =>
    from.map(() => from[Math.floor(random() * from.length)] as Scored);
  const values = Array.from({ length: resamples }, () => auc(classes.flatMap(draw))).sort((a, b) => a - b);
  return [values[Math.floor(0.025 * resamples)] ?? 0, values[Math.floor(0.975 * resamples)] ?? 1];
};

export const accuracyAt = (scored: readonly Scored[], threshold: number): number =>
  scored.filter(({ score, junk }) => score < threshold === junk).length / scored.length;

/** The threshold with the best accuracy on these; the lowest of equals. */
export const bestThreshold = (scored: readonly Scored[]): number => {
  const candidates = [...new Set(scored.map(({ score }) => score))].sort((a, b) => a - b);
  let best = 0;
  for (const threshold of candidates)
    if (accuracyAt(scored, threshold) > accuracyAt(scored, best)) best = threshold;
  return best;
};
