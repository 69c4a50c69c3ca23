/** How the chunks of one document were judged. */
export type QualityReport = {
  /** Mean score. */
  readonly mean: number;
  /** Chunks by flag. */
  readonly flags: Record<string, number>;
  /** Chunks by language. */
  readonly languages: Record<string, number>;
  /** Chunks by score: ten numbers, of scores from 0 to .1, from .1 to .2, …, from .9 to 1. */
  readonly scores: number[];
};

type Judged = {
  readonly quality: number;
  readonly qualityFlags: readonly string[];
  readonly language: string;
};

const bins = 10;

const binOf = (quality: number): number => Math.min(bins - 1, Math.max(0, Math.floor(quality * bins)));

/** Small whatever the document: it is kept with the ledger's entry. `copies` were dropped and count as `duplicate`. */
export const qualityReport = (chunks: readonly Judged[], copies: number): QualityReport => {
  const flags: Record<string, number> = copies === 0 ? {} : { duplicate: copies };
  const languages: Record<string, number> = {};
  const scores = Array.from({ length: bins }, () => 0);
  for (const { quality, qualityFlags, language } of chunks) {
    for (const flag of qualityFlags) flags[flag] = (flags[flag] ?? 0) + 1;
    languages[language] = (languages[language] ?? 0) + 1;
    scores[binOf(quality)] = (scores[binOf(quality)] ?? 0) + 1;
  }
  const sum = chunks.reduce((total, { quality }) => total + quality, 0);
  const mean = chunks.length === 0 ? 0 : Math.round((sum / chunks.length) * 1000) / 1000;
  return { mean, flags, languages, scores };
};
