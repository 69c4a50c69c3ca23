import { dotRows } from "../cluster/vectors.ts";
import type { VectorChunker } from "./chunker.ts";
import { packRuns, planRuns, type Run } from "./runs.ts";

/** Sentences on each side of a place that are compared: a single one is too short to tell a subject. */
const compared = 3;

/** Cosines of what stands before and after each place between two runs: `[runs − 1]`. */
const similaritiesOf = (runs: readonly Run[], vectors: Float32Array, d: number): readonly number[] => {
  const sumOf = (some: readonly Run[]): Float32Array => {
    const sum = new Float32Array(d);
    for (const { row } of some)
      for (let at = 0; at < d; at++) sum[at] = (sum[at] ?? 0) + (vectors[row * d + at] ?? 0);
    return sum;
  };
  return runs.slice(1).map((_, index) => {
    const before = sumOf(runs.slice(Math.max(0, index + 1 - compared), index + 1));
    const after = sumOf(runs.slice(index + 1, index + 1 + compared));
    const norms = dotRows(before, 0, before, 0, d) * dotRows(after, 0, after, 0, d);
    return norms === 0 ? 1 : dotRows(before, 0, after, 0, d) / Math.sqrt(norms);
  });
};

/** How high the slope on one side of a valley goes. */
const peak = (similarities: readonly number[], from: number, step: 1 | -1): number => {
  let height = similarities[from] ?? 0;
  for (let at = from + step; (similarities[at] ?? Number.NEGATIVE_INFINITY) >= height; at += step)
    height = similarities[at] ?? height;
  return height;
};

/** Depth of each valley, 0 elsewhere: how much nearer texts are on both sides of it (Hearst 1997, TextTiling). */
const depthsOf = (similarities: readonly number[]): readonly number[] =>
  similarities.map((here, at) => {
    const isValley = here <= (similarities[at - 1] ?? here) && here <= (similarities[at + 1] ?? here);
    return isValley ? peak(similarities, at, -1) + peak(similarities, at, 1) - 2 * here : 0;
  });

/** Mean and one standard deviation of the document's own depths: models differ in how near all texts are. */
const thresholdOf = (depths: readonly number[]): number => {
  const mean = depths.reduce((sum, depth) => sum + depth, 0) / depths.length;
  return mean + Math.sqrt(depths.reduce((sum, depth) => sum + (depth - mean) ** 2, 0) / depths.length);
};

/**
 * Breaks where neighbouring sentences part: at valleys of the similarity of three sentences to the next three that are
 * deeper than most of the document's. Between breaks it is like `recursive`; pages and headings are never mixed.
 */
export const semanticChunker: VectorChunker = {
  version: 1,
  texts: (blocks) => planRuns(blocks).texts,
  chunk: async (blocks, options, vectors) => {
    const plan = planRuns(blocks);
    const d = vectors.length / Math.max(1, plan.texts.length);
    const depths = plan.parts.map(({ runs }) => depthsOf(similaritiesOf(runs, vectors, d)));
    const threshold = thresholdOf(depths.flat());
    return packRuns(plan, options, (_, part) => {
      const own = depths[part] ?? [];
      return [...own.keys()]
        .filter((at) => (own[at] ?? 0) > threshold)
        .sort((a, b) => (own[b] ?? 0) - (own[a] ?? 0) || a - b)
        .map((at) => at + 1);
    });
  },
};
