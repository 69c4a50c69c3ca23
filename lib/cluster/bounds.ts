import { clusterMeans, clusterSizes } from "./clustering.ts";
import { chosenProducts } from "./dot-kernel.ts";
import { euclidean } from "./knn.ts";
import { type Assignment, assignByProducts, assignRows, emptyAssignment, largest } from "./nearest.ts";
import { type Sweep, sweep, turn } from "./products.ts";
import { takeRows } from "./vectors.ts";

/** Centroids of a group, on average; at most so many groups, as bounds take `[n, groups]`. */
const perGroup = 8;
const mostGroups = 32;
/** Fewer centroids are compared with all rows in less time than it takes to keep bounds. */
export const leastToBound = 2 * perGroup;
/** Rows looked at between two turns of the event loop: a few milliseconds. */
const rowsPerTurn = 1_024;
/** Above this share of all pairs, a matrix product of them all is faster than pairs group by group. */
const worthwhileShare = 1 / 12;
/** Distances by float32 products are so exact, but for those of equal vectors. */
const slack = 1e-5;

/** Centroids that lie together. */
type Groups = {
  /** `[k]` ids, group after group, in each in ascending order. */
  readonly order: Int32Array;
  /** `[groups + 1]`: where each group begins in `order`. */
  readonly starts: Int32Array;
  /** `[k]`: the group of each centroid. */
  readonly of: Int32Array;
};

const groupCentroids = async (centroids: Float32Array, d: number): Promise<Groups> => {
  const k = centroids.length / d;
  const count = Math.min(mostGroups, Math.floor(k / perGroup));
  const { labels, similarities } = emptyAssignment(k);
  let means = takeRows(
    centroids,
    d,
    Int32Array.from({ length: count }, (_, g) => Math.floor((g * k) / count)),
  );
  for (let pass = 0; pass < 5; pass++) {
    assignRows(centroids, d, means, { labels, similarities });
    means = clusterMeans(centroids, d, labels, means);
    await turn();
  }
  const sizes = clusterSizes(labels, count);
  const kept = [...sizes.keys()].filter((group) => (sizes[group] ?? 0) > 0);
  const of = labels.map((group) => kept.indexOf(group));
  const order = Int32Array.from(of.keys()).sort((a, b) => (of[a] ?? 0) - (of[b] ?? 0) || a - b);
  const starts = new Int32Array(kept.length + 1);
  for (const [group, id] of kept.entries()) starts[group + 1] = (starts[group] ?? 0) + (sizes[id] ?? 0);
  return { order, starts, of };
};

type Bounds = {
  readonly groups: Groups;
  /** Of the last pass, `[k, d]`. */
  centroids: Float32Array;
  /** `[groups]`: how far a centroid of the group can have moved since the bounds were made. */
  readonly moved: Float64Array;
  /** `[n, groups]`: distance to the nearest centroid of a group when it was last looked at, plus `moved` then. */
  readonly least: Float32Array;
};

const noBounds = (groups: Groups, centroids: Float32Array, n: number): Bounds => {
  const count = groups.starts.length - 1;
  return { groups, centroids, moved: new Float64Array(count), least: new Float32Array(n * count) };
};

const follow = (bounds: Bounds, centroids: Float32Array, d: number): void => {
  const farthest = new Float64Array(bounds.moved.length);
  for (const [id, group] of bounds.groups.of.entries()) {
    let squares = 0;
    for (let at = id * d, end = at + d; at < end; at++)
      squares += ((centroids[at] as number) - (bounds.centroids[at] as number)) ** 2;
    farthest[group] = Math.max(farthest[group] as number, Math.sqrt(squares));
  }
  for (const [group, far] of farthest.entries()) bounds.moved[group] = (bounds.moved[group] as number) + far;
  bounds.centroids = centroids;
};

type Pass = {
  readonly vectors: Float32Array;
  readonly how: Sweep;
  readonly bounds: Bounds;
  /** Centroids in the order of their groups. */
  readonly ordered: Float32Array;
  readonly assignment: Assignment;
};

/** Where the first of `values` from `start` on is that equals `value`. */
const placeOf = (value: number, values: Float32Array, start: number): number => {
  let at = start;
  while (values[at] !== value && at + 1 < values.length) at++;
  return at;
};

/** The nearest centroid of a row, of equals the lowest id, by its products from `start` on; its bounds go to `cell` on. */
const nearestOf = (
  { groups: { order, starts }, least, moved }: Bounds,
  products: Float32Array,
  start: number,
  cell: number,
): number => {
  let [best, most] = [order.length, Number.NEGATIVE_INFINITY];
  for (let group = 0; group < moved.length; group++) {
    const first = start + (starts[group] as number);
    const end = start + (starts[group + 1] as number);
    let dot = products[first] as number;
    // Without a branch: which of them is the largest is not to be foreseen.
    for (let at = first + 1; at < end; at++) dot = Math.max(dot, products[at] as number);
    least[cell + group] = euclidean(dot);
    if (dot < most) continue;
    const id = order[placeOf(dot, products, first) - start] as number;
    if (dot > most || id < best) [best, most] = [id, dot];
  }
  return best;
};

/** Compares all rows with all centroids and makes the bounds; gives how many labels changed. */
const assignAll = async ({ vectors, how, bounds, ordered, assignment }: Pass): Promise<number> => {
  const { labels, similarities } = assignment;
  const { order } = bounds.groups;
  const k = order.length;
  const placeIn = Int32Array.from(order.keys()).sort((a, b) => (order[a] ?? 0) - (order[b] ?? 0));
  let changed = 0;
  await sweep(vectors, ordered, how, (from, block) => {
    for (let start = 0, row = from; start < block.length; start += k, row++) {
      const best = nearestOf(bounds, block, start, row * bounds.moved.length);
      if (labels[row] !== best) changed++;
      labels[row] = best;
      similarities[row] = block[start + (placeIn[best] as number)] as number;
    }
  });
  return changed;
};

type Rows = { readonly from: number; readonly to: number };
/** The best centroid so far of each row of a block, and its dot product. */
type Best = { readonly ids: Int32Array; readonly dots: Float32Array };

/** For comparing rows of a block with the centroids of one group. */
const comparing = ({ vectors, how, bounds, ordered }: Pass, { from, to }: Rows, best: Best) => {
  const { groups, least, moved } = bounds;
  const products = chosenProducts(vectors.subarray(from * how.d, to * how.d), ordered, how.d);
  return (rows: readonly number[], group: number): void => {
    const [start, end] = [groups.starts[group] as number, groups.starts[group + 1] as number];
    products(rows, { from: start, to: end }, (row, dots) => {
      const at = largest(dots, 0, end - start);
      const [id, dot] = [groups.order[start + at] as number, dots[at] as number];
      least[(from + row) * moved.length + group] = euclidean(dot) + (moved[group] as number);
      const most = best.dots[row] as number;
      if (dot < most || (dot === most && id > (best.ids[row] as number))) return;
      best.ids[row] = id;
      best.dots[row] = dot;
    });
  };
};

/** For each group the rows that can have a centroid there which is nearer than their best one; null: too many. */
const openRows = (
  { groups: { of, starts }, least, moved }: Bounds,
  labels: Int32Array,
  { from, to }: Rows,
  best: Best,
): number[][] | null => {
  const open = Array.from(moved, (): number[] => []);
  let pairs = 0;
  for (let row = 0, cell = from * moved.length; from + row < to; row++) {
    const own = of[labels[from + row] as number];
    const reach = euclidean(best.dots[row] as number) + slack;
    for (let group = 0; group < moved.length; group++, cell++) {
      if (group === own || reach + (moved[group] as number) < (least[cell] as number)) continue;
      open[group]?.push(row);
      pairs += (starts[group + 1] as number) - (starts[group] as number);
    }
  }
  return pairs > worthwhileShare * (to - from) * of.length ? null : open;
};

/**
 * Compares a block of rows with the group of their centroid, and then with the groups that can hold a nearer one. Gives
 * how many labels changed; null, with no label changed, when there are too many such groups.
 */
const assignNear = (pass: Pass, rows: Rows): number | null => {
  const { labels, similarities } = pass.assignment;
  const { groups, moved } = pass.bounds;
  const { from, to } = rows;
  const count = to - from;
  const best = { ids: new Int32Array(count), dots: new Float32Array(count).fill(Number.NEGATIVE_INFINITY) };
  const compare = comparing(pass, rows, best);
  const own = Array.from(moved, (): number[] => []);
  for (let row = 0; row < count; row++) own[groups.of[labels[from + row] as number] as number]?.push(row);
  own.forEach(compare);
  const open = openRows(pass.bounds, labels, rows, best);
  if (open === null) return null;
  open.forEach(compare);
  let changed = 0;
  for (let row = 0; row < count; row++) if (labels[from + row] !== best.ids[row]) changed++;
  labels.set(best.ids, from);
  similarities.set(best.dots, from);
  return changed;
};

/** `assignNear` of all rows, until it does not pay. */
const assignAllNear = async (pass: Pass): Promise<{ readonly changed: number; readonly whole: boolean }> => {
  const n = pass.assignment.labels.length;
  let changed = 0;
  for (let from = 0; from < n; from += rowsPerTurn) {
    const found = assignNear(pass, { from, to: Math.min(n, from + rowsPerTurn) });
    if (found === null) return { changed, whole: false };
    changed += found;
    await turn();
    pass.how.signal?.throwIfAborted();
  }
  return { changed, whole: true };
};

/**
 * `assignByProducts` pass after pass, for centroids that move less and less (Yinyang k-means; Ding et al., ICML 2015): the
 * distance to the nearest centroid of a group cannot fall by more than the farthest move in it, so most groups need
 * not be looked at. A pass of which the bounds tell too little is a matrix product of all pairs, which makes new ones; so
 * is the second, since no bound outlives the move from seeds to means.
 */
export const boundedAssignment = (vectors: Float32Array, how: Sweep, assignment: Assignment) => {
  let bounds: Bounds | null = null;
  let passes = 0;
  const passWith = (known: Bounds, centroids: Float32Array): Pass => {
    const ordered = takeRows(centroids, how.d, known.groups.order);
    return { vectors, how, bounds: known, ordered, assignment };
  };
  /** Gives how many labels changed. */
  return async (centroids: Float32Array): Promise<number> => {
    if (passes++ === 0) return assignByProducts(vectors, centroids, how, assignment);
    let before = 0;
    if (bounds !== null) {
      follow(bounds, centroids, how.d);
      const { changed, whole } = await assignAllNear(passWith(bounds, centroids));
      if (whole) return changed;
      before = changed;
    }
    bounds = noBounds(await groupCentroids(centroids, how.d), centroids, assignment.labels.length);
    return before + (await assignAll(passWith(bounds, centroids)));
  };
};
