import type { Piece } from "../chunk/chunker.ts";

/** Raised whenever the same piece would get another score or other flags: part of the fingerprint. */
export const qualityVersion = 1;

export type Quality = {
  /** 0 (junk) to 1 (good). */
  readonly quality: number;
  /** Why it is not 1, as short names. */
  readonly flags: readonly string[];
};

/** First form: every piece is good. Pure, so that the same piece always gets the same score. */
export const scoreQuality = (_piece: Piece): Quality => ({ quality: 1, flags: [] });
