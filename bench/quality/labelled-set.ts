import { readFileSync } from "node:fs";
import type { Piece } from "../../lib/chunk/chunker.ts";

/** A chunk that somebody judged. */
export type LabelledChunk = {
  readonly text: string;
  readonly label: "good" | "junk";
  /** What kind of good or of junk. */
  readonly kind: string;
  readonly language: "en" | "zh";
  /** Chunks made of the same text share it: they are always in the same fold. */
  readonly source: string;
  readonly modality: "text" | "table";
  readonly confidence?: number;
};

export const setFile = new URL("chunks.jsonl", import.meta.url);

export const readSet = (): readonly LabelledChunk[] =>
  readFileSync(setFile, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

export const pieceOf = ({ text, modality, confidence }: LabelledChunk): Piece => ({
  text,
  tokens: Math.ceil(text.length / 3),
  page: null,
  heading: "",
  charStart: 0,
  charEnd: text.length,
  modality,
  ...(confidence === undefined ? {} : { confidence }),
});
