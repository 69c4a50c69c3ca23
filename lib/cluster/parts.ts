import type { FitOptions } from "./cluster-model.ts";
import { clusterMeans } from "./clustering.ts";
import { assignByProducts, emptyAssignment } from "./nearest.ts";
import { kernelProducts, turn } from "./products.ts";
import { seedCentroids } from "./seed-centroids.ts";
import { dotRows, takeRows } from "./vectors.ts";

export type How = Pick<FitOptions, "products" | "signal">;

/** Passes in which centroids find their places. */
const passes = 4;
/** Sums of similarities that differ by less are the same: rounding. */
const rounding = 1e-5;

/** Some of the vectors, as one cluster or as two. */
export type Part = {
  readonly members: Float32Array;
  readonly centroid: Float32Array;
  /** `[≤ 2, d]` */
  readonly halves: Float32Array;
  /** Rows of the members in each half. */
  readonly inHalves: readonly (readonly number[])[];
  /** Similarity that the halves have more than the centroid, summed over the members. */
  readonly gain: number;
  /** Whether it is a cluster of before, or the half of one that lies nearer to its centre. */
  readonly old: boolean;
  /** Of the cluster of before. */
  readonly origin: number;
};

const assigned = async (
  vectors: Float32Array,
  d: number,
  centroids: Float32Array,
  { products = kernelProducts, signal }: How,
) => {
  const assignment = emptyAssignment(vectors.length / d);
  await assignByProducts(vectors, centroids, { d, products, signal }, assignment);
  const members = Array.from({ length: centroids.length / d }, (): number[] => []);
  for (const [row, id] of assignment.labels.entries()) members[id]?.push(row);
  return { ...assignment, members, total: assignment.similarities.reduce((sum, x) => sum + x, 0) };
};

/** Centroids after some passes from these. */
export const settled = async (
  vectors: Float32Array,
  d: number,
  seeds: Float32Array,
  how: How,
): Promise<Float32Array> => {
  let centroids = seeds;
  for (let pass = 0; pass < passes; pass++)
    centroids = clusterMeans(vectors, d, (await assigned(vectors, d, centroids, how)).labels, centroids);
  return centroids;
};

const partOf = async (
  members: Float32Array,
  d: number,
  cluster: Pick<Part, "centroid" | "old" | "origin">,
  random: () => number,
  how: How,
): Promise<Part> => {
  const seeds = await seedCentroids(members, d, 2, random, how);
  const halves = await settled(members, d, seeds, how);
  const [two, one] = [
    await assigned(members, d, halves, how),
    await assigned(members, d, cluster.centroid, how),
  ];
  const gain = halves.length > d ? two.total - one.total : 0;
  return { ...cluster, members, halves, inHalves: two.members, gain };
};

const nearerHalf = ({ halves, centroid }: Part, d: number): number =>
  halves.length > d && dotRows(halves, 1, centroid, 0, d) > dotRows(halves, 0, centroid, 0, d) ? 1 : 0;

/** Splits the parts that gain most, one by one, until there are `count` or none is left to split. */
export const splitParts = async (
  parts: Part[],
  d: number,
  count: number,
  random: () => number,
  how: How,
): Promise<void> => {
  while (parts.length < count) {
    how.signal?.throwIfAborted();
    const at = parts.reduce((best, { gain }, i) => (gain > (parts[best]?.gain ?? 0) ? i : best), 0);
    const part = parts[at];
    if (part === undefined || part.gain < rounding) return;
    const nearer = nearerHalf(part, d);
    const halves: Part[] = [];
    for (const [half, rows] of part.inHalves.entries())
      halves.push(
        await partOf(
          takeRows(part.members, d, rows),
          d,
          {
            centroid: takeRows(part.halves, d, [half]),
            old: part.old && half === nearer,
            origin: part.origin,
          },
          random,
          how,
        ),
      );
    parts.splice(at, 1, ...halves);
    await turn();
  }
};

/** The clusters of before that still have vectors, where these are now. */
export const partsOf = async (
  among: Float32Array,
  d: number,
  start: Float32Array,
  random: () => number,
  how: How,
): Promise<Part[]> => {
  const { labels, members } = await assigned(among, d, start, how);
  const means = clusterMeans(among, d, labels, start);
  const parts: Part[] = [];
  for (const [id, rows] of members.entries()) {
    if (rows.length === 0) continue;
    const cluster = { centroid: takeRows(means, d, [id]), old: true, origin: parts.length };
    parts.push(await partOf(takeRows(among, d, rows), d, cluster, random, how));
    await turn();
  }
  return parts;
};
