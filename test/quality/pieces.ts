import type { Piece } from "../../lib/chunk/chunker.ts";

export const piece = (text: string, over: Partial<Piece> = {}): Piece => ({
  text,
  tokens: 1,
  page: null,
  heading: "",
  charStart: 0,
  charEnd: text.length,
  modality: "text",
  ...over,
});
