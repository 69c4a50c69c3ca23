import type { Chunker, VectorChunker } from "./chunker.ts";
import { clusterChunker } from "./cluster.ts";
import { fixedChunker } from "./fixed.ts";
import { markdownChunker } from "./markdown.ts";
import { pageChunker } from "./page.ts";
import { recursiveChunker } from "./recursive.ts";
import { type ChunkRule, strategiesIn } from "./rules.ts";
import { semanticChunker } from "./semantic.ts";
import { sentenceChunker } from "./sentence.ts";

/** One line a strategy; its name is the one in `chunking.strategy`. */
export const chunkers = {
  fixed: fixedChunker,
  sentence: sentenceChunker,
  recursive: recursiveChunker,
  markdown: markdownChunker,
  page: pageChunker,
  semantic: semanticChunker,
  cluster: clusterChunker,
} as const satisfies Record<string, Chunker | VectorChunker>;

export type ChunkerName = keyof typeof chunkers;

/** Whether some document is cut by a strategy that wants vectors. */
export const wantsVectors = (chunking: {
  readonly strategy: ChunkerName;
  readonly rules: readonly ChunkRule<ChunkerName>[];
}): boolean => strategiesIn(chunking).some((name) => "texts" in chunkers[name]);
