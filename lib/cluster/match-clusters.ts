/** From so much of what two clusters have together (Jaccard), they may be the same one. */
const leastShared = 0.3;

type Pair = { readonly before: number; readonly now: number; readonly shared: number };

const countPairs = (before: Int32Array, now: Int32Array, kBefore: number, kNow: number) => {
  const both = new Int32Array(kBefore * kNow);
  const [sizesBefore, sizesNow] = [new Int32Array(kBefore), new Int32Array(kNow)];
  for (let row = 0; row < now.length; row++) {
    const [a, b] = [before[row] as number, now[row] as number];
    if (a >= 0) sizesBefore[a] = (sizesBefore[a] as number) + 1;
    if (b >= 0) sizesNow[b] = (sizesNow[b] as number) + 1;
    if (a >= 0 && b >= 0) both[a * kNow + b] = (both[a * kNow + b] as number) + 1;
  }
  return { both, sizesBefore, sizesNow };
};

/**
 * Which cluster of before each cluster of now is, `[kNow]`; −1: none. Two are the same when the same rows lie in them:
 * pairs are taken by their Jaccard index over the rows, largest first, each cluster once, down to .3 (Hennig 2007,
 * "Cluster-wise assessment of cluster stability": below .5 a cluster may be called dissolved; the larger part of one that
 * was halved has .5 or a little less, and keeps the name). Rows and not centroids, since what cosine two centroids of one
 * cluster have, and two of neighbours, differs from model to model.
 * @param before labels `[n]` of rows by the clusters of before, −1 for none
 * @param now labels `[n]` of the same rows
 */
export const matchClusters = (
  before: Int32Array,
  now: Int32Array,
  kBefore: number,
  kNow: number,
): Int32Array => {
  const { both, sizesBefore, sizesNow } = countPairs(before, now, kBefore, kNow);
  const pairs: Pair[] = [];
  for (const [cell, count] of both.entries()) {
    if (count === 0) continue;
    const [a, b] = [Math.floor(cell / kNow), cell % kNow];
    const shared = count / ((sizesBefore[a] as number) + (sizesNow[b] as number) - count);
    if (shared >= leastShared) pairs.push({ before: a, now: b, shared });
  }
  pairs.sort((x, y) => y.shared - x.shared || x.before - y.before || x.now - y.now);
  const found = new Int32Array(kNow).fill(-1);
  const taken = new Set<number>();
  for (const pair of pairs) {
    if (taken.has(pair.before) || found[pair.now] !== -1) continue;
    taken.add(pair.before);
    found[pair.now] = pair.before;
  }
  return found;
};
