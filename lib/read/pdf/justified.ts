import type { Run } from "./runs.ts";

/** Fewer equal gaps stand in tables by chance. */
const leastGaps = 3;
/** In heights of the font: wider ones are between columns. */
const widestGap = 1.8;
/** In heights of the font: spaces of one line are of one width, but for rounding. */
const mostUneven = 0.08;
/** In heights of the font: numbers of one width at equal distances are cells. */
const leastVaried = 0.25;

const spread = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);

const gapAfter = (run: Run, next: Run): number => next.x - run.right;

/** Words of one line that was stretched to the width of its column. */
const isStretched = (words: readonly Run[]): boolean => {
  const size = words[0]?.size ?? 0;
  const starts = words.slice(1).map((word, at) => word.x - (words[at]?.x ?? 0));
  return words.length > leastGaps && spread(starts) > leastVaried * size;
};

/** Does `next` go on with the words, as far from the last one as they are from each other? */
const goesOn = (words: readonly Run[], next: Run): boolean => {
  const [first, second] = words;
  const last = words.at(-1);
  if (!first || !last) return false;
  const gap = gapAfter(last, next);
  const size = last.size;
  if (next.size !== size || Math.abs(next.y - last.y) > 0.1 * size) return false;
  if (/\s/.test(last.text) || /\s/.test(next.text) || gap <= 0 || gap > widestGap * size) return false;
  return !second || Math.abs(gap - gapAfter(first, second)) <= mostUneven * size;
};

const asOne = (words: readonly Run[]): Run[] => {
  const [first] = words;
  if (!first || !isStretched(words)) return [...words];
  const longest = words.reduce((a, b) => (b.text.length > a.text.length ? b : a));
  const text = words.map((word) => word.text).join(" ");
  return [{ ...first, text, right: Math.max(...words.map((word) => word.right)), font: longest.font }];
};

/**
 * Lines that were justified with spaces as wide as those between columns: such a line is one run again. It is told by
 * its spaces, which are all of one width while its words are not.
 */
export const withoutStretching = (runs: readonly Run[]): Run[] => {
  const whole: Run[] = [];
  let words: Run[] = [];
  for (const run of runs.toSorted((a, b) => a.y - b.y || a.x - b.x)) {
    if (words.length > 0 && !goesOn(words, run)) {
      whole.push(...asOne(words));
      words = [];
    }
    words.push(run);
  }
  return [...whole, ...asOne(words)];
};
