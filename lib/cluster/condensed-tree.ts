import type { Edge } from "./edges-between.ts";
import { turn } from "./products.ts";
import { unionFind } from "./union-find.ts";

/** A cluster of the condensed tree; 0 is all rows. Children come after their parents. */
export type TreeCluster = {
  readonly parent: number;
  /** Density (1 / distance) at which it appears. */
  readonly birth: number;
  readonly children: number[];
  /** Σ over its rows and children of (λ at which they leave − birth). */
  stability: number;
  /** Rows that leave it as noise, with their λ. */
  readonly leaves: { readonly row: number; readonly lambda: number }[];
};

type Merge = {
  readonly left: number;
  readonly right: number;
  readonly distance: number;
  readonly size: number;
};

/** Merges between two turns of the event loop. */
const mergesPerTurn = 2_048;

/** Single linkage: node n + i is the i-th merge. */
const singleLinkage = async (n: number, edges: readonly Edge[]): Promise<Merge[]> => {
  const sets = unionFind(n);
  const node = Int32Array.from({ length: n }, (_, row) => row);
  const merges: Merge[] = [];
  const sizeOf = (id: number): number => (id < n ? 1 : (merges[id - n]?.size ?? 0));
  for (const { a, b, weight } of edges) {
    const [left, right] = [node[sets.find(a)] as number, node[sets.find(b)] as number];
    sets.join(a, b);
    merges.push({ left, right, distance: weight, size: sizeOf(left) + sizeOf(right) });
    node[sets.find(a)] = n + merges.length - 1;
    if (merges.length % mergesPerTurn === 0) await turn();
  }
  return merges;
};

/** Densities are kept finite, so that sums of those of equal vectors stay comparable. */
const density = (distance: number): number => 1 / Math.max(distance, 1e-4);

/** Rows below a node of the single linkage tree. */
const rowsBelow = (node: number, n: number, merges: readonly Merge[]): number[] => {
  const rows: number[] = [];
  const below = [node];
  for (let at = below.pop(); at !== undefined; at = below.pop()) {
    const merge = merges[at - n];
    if (merge === undefined) rows.push(at);
    else below.push(merge.right, merge.left);
  }
  return rows;
};

/**
 * The single linkage tree without splits that leave a side smaller than `minClusterSize`: such a side's rows fall out
 * of the cluster at that density (Campello, Moulavi & Sander 2013).
 */
export const condensedTree = async (
  n: number,
  edges: readonly Edge[],
  minClusterSize: number,
): Promise<TreeCluster[]> => {
  const merges = await singleLinkage(n, edges);
  const clusters: TreeCluster[] = [];
  const add = (parent: number, birth: number): number => {
    clusters.push({ parent, birth, children: [], stability: 0, leaves: [] });
    const id = clusters.length - 1;
    clusters[parent]?.children.push(id);
    return id;
  };
  const sizeOf = (node: number): number => merges[node - n]?.size ?? 1;
  const leave = (
    cluster: TreeCluster,
    sides: readonly number[],
    large: readonly number[],
    lambda: number,
  ): void => {
    const small = sides.filter((side) => !large.includes(side));
    for (const side of large.length === 2 ? sides : small)
      cluster.stability += sizeOf(side) * (lambda - cluster.birth);
    for (const row of small.flatMap((side) => rowsBelow(side, n, merges)))
      cluster.leaves.push({ row, lambda });
  };
  const open = [{ node: n + merges.length - 1, id: add(-1, 0) }];
  for (let next = open.pop(), seen = 1; next !== undefined; next = open.pop(), seen++) {
    if (seen % mergesPerTurn === 0) await turn();
    const cluster = clusters[next.id] as TreeCluster;
    const merge = merges[next.node - n] as Merge;
    const lambda = density(merge.distance);
    const sides = [merge.left, merge.right];
    const large = sides.filter((side) => sizeOf(side) >= minClusterSize);
    leave(cluster, sides, large, lambda);
    for (const side of large)
      open.push({ node: side, id: large.length === 2 ? add(next.id, lambda) : next.id });
  }
  return clusters;
};

/** Ids of the clusters that are chosen: the leaves, or those with the most excess of mass; never all rows. */
export const selectClusters = (
  clusters: readonly TreeCluster[],
  selection: "eom" | "leaf",
): readonly number[] => {
  if (selection === "leaf")
    return [...clusters.keys()].filter((id) => id > 0 && clusters[id]?.children.length === 0);
  const best = clusters.map(({ stability }) => stability);
  const chosen = new Set<number>();
  for (let id = clusters.length - 1; id > 0; id--) {
    const { children, stability } = clusters[id] as TreeCluster;
    const below = children.reduce((sum, child) => sum + (best[child] as number), 0);
    if (children.length > 0 && below > stability) best[id] = below;
    else chosen.add(id);
  }
  // Of chosen clusters within each other the outermost counts; parents come before their children.
  const covered = new Set<number>();
  return [...clusters.keys()].filter((id) => {
    const parent = clusters[id]?.parent ?? -1;
    if (covered.has(parent)) covered.add(id);
    else if (chosen.has(id)) {
      covered.add(id);
      return true;
    }
    return false;
  });
};

/** Labels `[n]`: index in `selected`, −1 is noise. Rows of a chosen cluster's descendants are its own. */
export const treeLabels = (
  n: number,
  clusters: readonly TreeCluster[],
  selected: readonly number[],
): Int32Array => {
  const labels = new Int32Array(n).fill(-1);
  const labelOf = new Int32Array(clusters.length).fill(-1);
  for (const [label, id] of selected.entries()) labelOf[id] = label;
  for (const [id, { parent, leaves }] of clusters.entries()) {
    if (labelOf[id] === -1 && parent >= 0) labelOf[id] = labelOf[parent] as number;
    for (const { row } of leaves) labels[row] = labelOf[id] as number;
  }
  return labels;
};

/**
 * GLOSH `[n]`, 0 to 1: (λmax − λ) / λmax, where λ is the density at which the row leaves its cluster and λmax that at
 * which the last row of this cluster and all below it does (Campello et al. 2015).
 */
export const outlierScores = (n: number, clusters: readonly TreeCluster[]): Float32Array => {
  const most = new Float64Array(clusters.length);
  for (let id = clusters.length - 1; id >= 0; id--) {
    const { leaves, parent } = clusters[id] as TreeCluster;
    for (const { lambda } of leaves) most[id] = Math.max(most[id] as number, lambda);
    if (parent >= 0) most[parent] = Math.max(most[parent] as number, most[id] as number);
  }
  const scores = new Float32Array(n);
  for (const [id, { leaves }] of clusters.entries())
    for (const { row, lambda } of leaves) {
      const top = most[id] as number;
      scores[row] = top === 0 ? 0 : (top - lambda) / top;
    }
  return scores;
};
