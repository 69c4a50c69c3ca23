/** Mean score of a document's chunks, and how many carry each flag. */
export type QualityReport = { readonly mean: number; readonly flags: Record<string, number> };

type Judged = { readonly quality: number; readonly qualityFlags: readonly string[] };

/** Small whatever the document: it is kept with the ledger's entry. `copies` were dropped and count as `duplicate`. */
export const qualityReport = (chunks: readonly Judged[], copies: number): QualityReport => {
  const flags: Record<string, number> = copies === 0 ? {} : { duplicate: copies };
  for (const { qualityFlags } of chunks)
    for (const flag of qualityFlags) flags[flag] = (flags[flag] ?? 0) + 1;
  const sum = chunks.reduce((total, { quality }) => total + quality, 0);
  return { mean: chunks.length === 0 ? 0 : Math.round((sum / chunks.length) * 1000) / 1000, flags };
};
