import { euclidean } from "./knn.ts";
import { type Sweep, sweepPairs, type Tile } from "./products.ts";

export type Edge = { readonly a: number; readonly b: number; readonly weight: number };

/** Lightest first; of equals the lowest rows, so that no cycle of equals arises. */
export const before = (x: Edge, y: Edge): number => x.weight - y.weight || x.a - y.a || x.b - y.b;

/** Sets up to which a table of all pairs of them is kept: 16 MiB at most. */
export const mostSets = 1_024;

/** Rows numbered by their set, in order of appearance. */
const numberedSets = (rootOf: Int32Array): { readonly setOf: Int32Array; readonly count: number } => {
  const numbers = new Map<number, number>();
  for (const root of rootOf) if (!numbers.has(root)) numbers.set(root, numbers.size);
  return { setOf: rootOf.map((root) => numbers.get(root) ?? 0), count: numbers.size };
};

/** Of each pair of sets the lightest edge known, in a table `[count, count]` of which one triangle is used. */
const edgeTable = (core: Float64Array, setOf: Int32Array, count: number) => {
  const weights = new Float64Array(count * count).fill(Number.POSITIVE_INFINITY);
  const [rowsA, rowsB] = [new Int32Array(count * count), new Int32Array(count * count)];
  const offer = (a: number, b: number, dot: number): void => {
    const [s, t] = [setOf[a] as number, setOf[b] as number];
    const slot = s < t ? s * count + t : t * count + s;
    const best = weights[slot] as number;
    // Compared as products first: a root for each pair would take longer than the products.
    if (dot < 1 - (best * best) / 2 - 1e-7) return;
    const weight = Math.max(euclidean(dot), core[a] as number, core[b] as number);
    if (weight >= best) return;
    weights[slot] = weight;
    rowsA[slot] = a;
    rowsB[slot] = b;
  };
  const edge = (slot: number): Edge => ({
    a: rowsA[slot] as number,
    b: rowsB[slot] as number,
    weight: weights[slot] as number,
  });
  const slotOf = (s: number, t: number): number => Math.min(s, t) * count + Math.max(s, t);
  const isLighter = (slot: number, than: number): boolean => {
    const [own, other] = [weights[slot] as number, weights[than] as number];
    return own < other || (own === other && before(edge(slot), edge(than)) < 0);
  };
  return { offer, edge, slotOf, isLighter };
};

/** The lightest tree over the sets by Prim's algorithm: sorting the edges of all pairs would take far longer. */
const lightestTree = ({ edge, slotOf, isLighter }: ReturnType<typeof edgeTable>, count: number): Edge[] => {
  const best = new Int32Array(count).fill(-1);
  const open = new Set(Array.from({ length: count - 1 }, (_, i) => i + 1));
  const edges: Edge[] = [];
  for (let set = 0; open.size > 0; ) {
    let next = -1;
    for (const other of open) {
      const slot = slotOf(set, other);
      if ((best[other] as number) < 0 || isLighter(slot, best[other] as number)) best[other] = slot;
      if (next < 0 || isLighter(best[other] as number, best[next] as number)) next = other;
    }
    edges.push(edge(best[next] as number));
    open.delete(next);
    set = next;
  }
  return edges;
};

/**
 * The edges of mutual reachability that join at most `mostSets` sets to the lightest tree, from one sweep over all pairs of
 * rows and a table of the lightest edge between each two sets.
 */
export const edgesBetween = async (
  vectors: Float32Array,
  core: Float64Array,
  rootOf: Int32Array,
  how: Sweep,
): Promise<readonly Edge[]> => {
  const { setOf, count } = numberedSets(rootOf);
  const table = edgeTable(core, setOf, count);
  await sweepPairs(vectors, how, ({ from, to, fromB, toB, products }: Tile) => {
    for (let row = from; row < to; row++) {
      const own = setOf[row];
      const start = (row - from) * (toB - fromB) - fromB;
      for (let other = Math.max(fromB, row + 1); other < toB; other++)
        if (setOf[other] !== own) table.offer(row, other, products[start + other] as number);
    }
  });
  return lightestTree(table, count);
};
