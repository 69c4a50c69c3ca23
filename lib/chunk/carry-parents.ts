import type { Chunk } from "../chunk-row.ts";
import type { Parent } from "./parents.ts";

/**
 * Gives chunks their parents. The text goes with the best chunk of each: where poor chunks are kept apart or dropped, it
 * is never apart from a chunk that can be found. A parent of which only copies were left goes with them.
 * @param chunks in order of their ordinals, which are the parents' indices; dropped ones are left out
 */
export const carryParents = (chunks: readonly Chunk[], parents: readonly Parent[]): readonly Chunk[] => {
  const byOrdinal = new Map(chunks.map((chunk) => [chunk.ordinal, chunk]));
  for (const { from, to, text, tokens, charStart, charEnd } of parents) {
    const members = Array.from({ length: to - from }, (_, at) => byOrdinal.get(from + at) ?? []).flat();
    const [first, ...others] = members;
    if (!first) continue;
    const { ordinal } = others.reduce((best, chunk) => (chunk.quality > best.quality ? chunk : best), first);
    for (const chunk of members) {
      const parent = { ordinal, tokens, charStart, charEnd, text: chunk.ordinal === ordinal ? text : "" };
      byOrdinal.set(chunk.ordinal, { ...chunk, parent });
    }
  }
  return [...byOrdinal.values()];
};
