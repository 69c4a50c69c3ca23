import type { Chunker } from "./chunker.ts";
import { fixedChunker } from "./fixed.ts";
import { markdownChunker } from "./markdown.ts";
import { pageChunker } from "./page.ts";
import { recursiveChunker } from "./recursive.ts";
import { sentenceChunker } from "./sentence.ts";

/** One line a strategy; its name is the one in `chunking.strategy`. */
export const chunkers = {
  fixed: fixedChunker,
  sentence: sentenceChunker,
  recursive: recursiveChunker,
  markdown: markdownChunker,
  page: pageChunker,
} as const satisfies Record<string, Chunker>;

export type ChunkerName = keyof typeof chunkers;
