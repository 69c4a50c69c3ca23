import { before, type Edge, edgesBetween, mostSets } from "./edges-between.ts";
import { euclidean, type Neighbours } from "./knn.ts";
import { type Sweep, sweepAll, type Tile, turn } from "./products.ts";
import { unionFind } from "./union-find.ts";
import { takeRows } from "./vectors.ts";

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

/** Looks in a tile of `open` rows and others for edges out of their sets that are lighter than those known. */
const fromTile = (
  open: readonly number[],
  { from, to, fromB, toB, products }: Tile,
  core: Float64Array,
  rootOf: Int32Array,
  out: Outgoing,
): void => {
  for (let at = from; at < to; at++) {
    const row = open[at] as number;
    const [root, own] = [rootOf[row] as number, core[row] as number];
    const start = (at - from) * (toB - fromB) - fromB;
    let best = out.weight[row] as number;
    // Compared as products: a root for each pair would take longer than the products.
    let least = 1 - (best * best) / 2 - 1e-7;
    for (let other = fromB; other < toB; other++) {
      const dot = products[start + other] as number;
      if (dot < least || rootOf[other] === root) continue;
      const weight = Math.max(euclidean(dot), own, core[other] as number);
      if (weight >= best) continue;
      best = weight;
      least = 1 - (best * best) / 2 - 1e-7;
      out.to[row] = other;
    }
    out.weight[row] = best;
  }
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
  for (const row of open) out.weight[row] = Number.POSITIVE_INFINITY;
  return sweepAll(takeRows(vectors, how.d, open), vectors, how, (tile) =>
    fromTile(open, tile, core, rootOf, out),
  );
};

/** Of each set the least known weight of an edge out of it. */
const leastOf = (rootOf: Int32Array, { weight, to }: Outgoing): Float64Array => {
  const least = new Float64Array(rootOf.length).fill(Number.POSITIVE_INFINITY);
  for (const [row, root] of rootOf.entries())
    if ((to[row] as number) >= 0) least[root] = Math.min(least[root] as number, weight[row] as number);
  return least;
};

/** The best edge of each set. */
const chosenEdges = (rootOf: Int32Array, { weight, to }: Outgoing): Edge[] => {
  const edgeOf = (row: number): Edge => {
    const other = to[row] as number;
    return { a: Math.min(row, other), b: Math.max(row, other), weight: weight[row] as number };
  };
  const best = new Map<number, number>();
  for (let row = 0; row < rootOf.length; row++) {
    if ((to[row] as number) < 0) continue;
    const held = best.get(rootOf[row] as number);
    const difference = held === undefined ? -1 : (weight[row] as number) - (weight[held] as number);
    if (difference < 0 || (difference === 0 && before(edgeOf(row), edgeOf(held ?? row)) < 0))
      best.set(rootOf[row] as number, row);
  }
  return Array.from(best.values(), edgeOf).sort(before);
};

/** Rows whose lists are looked into between two turns of the event loop. */
const rowsPerTurn = 4_096;

/** Looks into the lists again for rows whose best edge now lies within their set. */
const refresh = async (
  neighbours: Neighbours,
  core: Float64Array,
  rootOf: Int32Array,
  out: Outgoing,
  known: Float64Array,
): Promise<void> => {
  for (let row = 0; row < core.length; row++) {
    if (row % rowsPerTurn === 0) await turn();
    const to = out.to[row] as number;
    if (to >= 0 && rootOf[to] !== rootOf[row]) continue;
    known[row] = Math.max(known[row] as number, out.weight[row] as number);
    fromList(row, neighbours, core, rootOf, out);
    if ((out.weight[row] as number) >= (known[row] as number)) continue;
    out.weight[row] = known[row] as number;
    out.to[row] = -1;
  }
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

/** Rows from which on a sweep over all pairs may pay; fewer are compared in no time, row by row. */
const leastToSweep = 2_048;

/** Whether one sweep over all pairs of rows is the shortest way to the rest of the tree. */
const sweepPays = (left: number, { to }: Outgoing): boolean =>
  to.length >= leastToSweep &&
  left < mostSets &&
  to.reduce((open, other) => (other < 0 ? open + 1 : open), 0) > to.length / 4;

/**
 * Minimum spanning tree of mutual reachability max(core(a), core(b), distance(a, b)) over all pairs, by Borůvka's
 * rounds: edges come from the neighbour lists while these suffice; only rows whose list can hide a lighter edge are
 * compared with all others, and what is found that way bounds later rounds, since edges out of a set that grows never
 * get lighter. When few sets are left and the lists of many rows lie within their own, one sweep over all pairs gives
 * the edges between all sets. Exact, with memory for the lists and that table alone. Edges lightest first.
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
  const { onTile: _silent, ...quiet } = how;
  const join = (found: readonly Edge[]): void => {
    for (const edge of found) if (sets.join(edge.a, edge.b)) edges.push(edge);
  };
  while (edges.length < n - 1) {
    const rootOf = Int32Array.from({ length: n }, (_, row) => sets.find(row));
    await refresh(neighbours, core, rootOf, out, known);
    await turn();
    if (sweepPays(n - edges.length, out)) {
      join(await edgesBetween(vectors, core, rootOf, how));
      break;
    }
    await resolve(vectors, core, rootOf, out, quiet);
    await turn();
    join(chosenEdges(rootOf, out));
  }
  return edges.sort(before);
};
