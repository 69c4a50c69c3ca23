import { euclidean, type Neighbours } from "./knn.ts";
import { type Sweep, sweep } from "./products.ts";
import { takeRows } from "./vectors.ts";

export type Edge = { readonly a: number; readonly b: number; readonly weight: number };

/** Sets that are joined, with path halving. */
export const unionFind = (n: number) => {
  const parent = Int32Array.from({ length: n }, (_, i) => i);
  const find = (row: number): number => {
    let at = row;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at] as number] as number;
      at = parent[at] as number;
    }
    return at;
  };
  const join = (a: number, b: number): boolean => {
    const [rootA, rootB] = [find(a), find(b)];
    if (rootA === rootB) return false;
    parent[Math.max(rootA, rootB)] = Math.min(rootA, rootB);
    return true;
  };
  return { find, join };
};

/** For each row its best known edge out of its set, or the least weight that any such edge can have. */
type Outgoing = { readonly weight: Float64Array; readonly to: Int32Array };

/** Best edge of `row` out of its set among its listed neighbours; else a bound (`to` −1). */
const fromList = (
  row: number,
  { count, rows, distances }: Neighbours,
  core: Float64Array,
  rootOf: Int32Array,
  out: Outgoing,
): void => {
  const own = core[row] as number;
  const farthest = distances[(row + 1) * count - 1] ?? Number.POSITIVE_INFINITY;
  let [best, to] = [Number.POSITIVE_INFINITY, -1];
  for (let at = row * count; at < (row + 1) * count; at++) {
    const other = rows[at] as number;
    if (other < 0 || rootOf[other] === rootOf[row]) continue;
    const weight = Math.max(distances[at] as number, own, core[other] as number);
    if (weight < best) [best, to] = [weight, other];
  }
  const bound = Math.max(own, farthest);
  out.weight[row] = Math.min(best, bound);
  out.to[row] = best <= bound ? to : -1;
};

/** Best edge of `row` out of its set, by its products with all rows. */
const fromProducts = (
  row: number,
  dots: Float32Array,
  core: Float64Array,
  rootOf: Int32Array,
  out: Outgoing,
): void => {
  const [root, own] = [rootOf[row] as number, core[row] as number];
  let [best, to, least] = [Number.POSITIVE_INFINITY, -1, -2];
  for (let other = 0; other < dots.length; other++) {
    const dot = dots[other] as number;
    if (dot < least || rootOf[other] === root) continue;
    const weight = Math.max(euclidean(dot), own, core[other] as number);
    if (weight >= best) continue;
    [best, to] = [weight, other];
    // Compared as products: a root for each pair would take longer than the products.
    least = 1 - (best * best) / 2 - 1e-7;
  }
  out.weight[row] = best;
  out.to[row] = to;
};

/** Looks at all rows for the best edges of `open` out of their sets. */
const fromAll = (
  vectors: Float32Array,
  open: readonly number[],
  core: Float64Array,
  rootOf: Int32Array,
  out: Outgoing,
  how: Sweep,
): Promise<void> => {
  const n = core.length;
  return sweep(takeRows(vectors, how.d, open), vectors, how, (first, block) => {
    for (let start = 0, at = first; start < block.length; start += n, at++)
      fromProducts(open[at] as number, block.subarray(start, start + n), core, rootOf, out);
  });
};

/** Of each set the least known weight of an edge out of it. */
const leastOf = (rootOf: Int32Array, { weight, to }: Outgoing): Float64Array => {
  const least = new Float64Array(rootOf.length).fill(Number.POSITIVE_INFINITY);
  for (const [row, root] of rootOf.entries())
    if ((to[row] as number) >= 0) least[root] = Math.min(least[root] as number, weight[row] as number);
  return least;
};

/** The best edge of each set; of equals the lowest rows, so that no cycle of equals arises. */
const chosenEdges = (rootOf: Int32Array, { weight, to }: Outgoing): Edge[] => {
  const edges = new Map<number, Edge>();
  for (const [row, root] of rootOf.entries()) {
    const other = to[row] as number;
    if (other < 0) continue;
    const edge = { a: Math.min(row, other), b: Math.max(row, other), weight: weight[row] as number };
    const held = edges.get(root);
    if (held === undefined || before(edge, held) < 0) edges.set(root, edge);
  }
  return [...edges.values()].sort(before);
};

const before = (x: Edge, y: Edge): number => x.weight - y.weight || x.a - y.a || x.b - y.b;

/** Looks into the lists again for rows whose best edge now lies within their set. */
const refresh = (
  neighbours: Neighbours,
  core: Float64Array,
  rootOf: Int32Array,
  out: Outgoing,
  known: Float64Array,
): void => {
  for (let row = 0; row < core.length; row++) {
    const to = out.to[row] as number;
    if (to >= 0 && rootOf[to] !== rootOf[row]) continue;
    known[row] = Math.max(known[row] as number, out.weight[row] as number);
    fromList(row, neighbours, core, rootOf, out);
    if ((out.weight[row] as number) >= (known[row] as number)) continue;
    out.weight[row] = known[row] as number;
    out.to[row] = -1;
  }
};

/**
 * Minimum spanning tree of mutual reachability max(core(a), core(b), distance(a, b)) over all pairs, by Borůvka's
 * rounds: edges come from the neighbour lists while these suffice; only rows whose list can hide a lighter edge are
 * compared with all others, and what is found that way bounds later rounds, since edges out of a set that grows never
 * get lighter. Exact, with memory for the lists alone. Edges lightest first.
 */
export const spanningTree = async (
  vectors: Float32Array,
  neighbours: Neighbours,
  core: Float64Array,
  how: Sweep,
): Promise<readonly Edge[]> => {
  const n = core.length;
  const sets = unionFind(n);
  const out: Outgoing = { weight: new Float64Array(n), to: new Int32Array(n).fill(-1) };
  const edges: Edge[] = [];
  const known = new Float64Array(n);
  while (edges.length < n - 1) {
    const rootOf = Int32Array.from({ length: n }, (_, row) => sets.find(row));
    refresh(neighbours, core, rootOf, out, known);
    await resolve(vectors, core, rootOf, out, how);
    for (const edge of chosenEdges(rootOf, out)) if (sets.join(edge.a, edge.b)) edges.push(edge);
  }
  return edges.sort(before);
};

/** Compares with all others the rows that may have a lighter edge than the best known one of their set. */
const resolve = async (
  vectors: Float32Array,
  core: Float64Array,
  rootOf: Int32Array,
  out: Outgoing,
  how: Sweep,
): Promise<void> => {
  const n = core.length;
  const tried = new Int32Array(n);
  const rows = [...rootOf.keys()]
    .filter((row) => (out.to[row] as number) < 0)
    .sort((a, b) => (out.weight[a] as number) - (out.weight[b] as number) || a - b);
  // A few rows of each set first, those that can have the lightest edge: what they find rules most others out.
  for (let quota = 4; ; quota *= 8) {
    const least = leastOf(rootOf, out);
    const open = rows.filter(
      (row) =>
        (out.to[row] as number) < 0 && (out.weight[row] as number) < (least[rootOf[row] as number] as number),
    );
    if (open.length === 0) return;
    tried.fill(0);
    const now = open.filter((row) => {
      const root = rootOf[row] as number;
      tried[root] = (tried[root] as number) + 1;
      return (tried[root] as number) <= quota;
    });
    await fromAll(vectors, now, core, rootOf, out, how);
  }
};
