/** Restores the order of a min-heap below `root`. */
const sink = (heap: Float64Array, root: number, size: number): void => {
  const value = heap[root] as number;
  let at = root;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && (heap[child + 1] as number) < (heap[child] as number)) child++;
    if ((heap[child] as number) >= value) break;
    heap[at] = heap[child] as number;
    at = child;
  }
  heap[at] = value;
};

/** The `limit`-th largest score; −∞ when there are fewer. */
const threshold = (scores: Float64Array, limit: number): number => {
  if (scores.length <= limit) return Number.NEGATIVE_INFINITY;
  const heap = scores.slice(0, limit);
  for (let root = (limit >> 1) - 1; root >= 0; root--) sink(heap, root, limit);
  for (let i = limit; i < scores.length; i++) {
    const score = scores[i] as number;
    if (score <= (heap[0] as number)) continue;
    heap[0] = score;
    sink(heap, 0, limit);
  }
  return heap[0] as number;
};

/** Indexes of the `limit` largest scores and of all that equal the last of them, ascending. */
export const bestOf = (scores: Float64Array, limit: number): number[] => {
  if (limit === 0) return [];
  const least = threshold(scores, limit);
  const best: number[] = [];
  for (let i = 0; i < scores.length; i++) if ((scores[i] as number) >= least) best.push(i);
  return best;
};
