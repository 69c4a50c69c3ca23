import type { Chunker } from "./chunker.ts";
import { recursiveChunker } from "./recursive.ts";

/** One line a strategy; its name is the one in `chunking.strategy`. */
export const chunkers = {
  recursive: recursiveChunker,
} as const satisfies Record<string, Chunker>;

export type ChunkerName = keyof typeof chunkers;
