type Near = { readonly id: string; readonly distance: number };

/** What is known of the rows of each of `k` clusters. Tallies of parts of a collection add up to that of the whole. */
export type Tally = {
  readonly rows: number;
  /** Over all rows, to the nearest centroid, whether its radius reaches them or not. */
  readonly distanceSum: number;
  /** `[k]` */
  readonly sizes: readonly number[];
  /** `[k]`, of distances of members. */
  readonly distanceSums: readonly number[];
  /** `[k]`: members nearest to the centroid, nearest first, ties by id. */
  readonly nearest: readonly (readonly Near[])[];
};

export const emptyTally = (k: number): Tally => ({
  rows: 0,
  distanceSum: 0,
  sizes: new Array<number>(k).fill(0),
  distanceSums: new Array<number>(k).fill(0),
  nearest: Array.from({ length: k }, () => []),
});

const merged = (a: readonly Near[], b: readonly Near[], count: number): readonly Near[] =>
  [...a, ...b].sort((x, y) => x.distance - y.distance || (x.id < y.id ? -1 : 1)).slice(0, count);

/** Both together; of each cluster the `count` nearest are kept. */
export const addTallies = (a: Tally, b: Tally, count: number): Tally => ({
  rows: a.rows + b.rows,
  distanceSum: a.distanceSum + b.distanceSum,
  sizes: a.sizes.map((size, i) => size + (b.sizes[i] ?? 0)),
  distanceSums: a.distanceSums.map((sum, i) => sum + (b.distanceSums[i] ?? 0)),
  nearest: a.nearest.map((near, i) => merged(near, b.nearest[i] ?? [], count)),
});

/**
 * Of rows with these ids.
 * @param labels `[n]` in 0 to k − 1, −1 for none
 * @param distances `[n]` to the centroid of the label
 * @param toNearest `[n]` to the nearest centroid, for rows without a label too
 */
export const tallyOf = (
  rows: {
    readonly ids: readonly string[];
    readonly labels: Int32Array;
    readonly distances: Float32Array;
    readonly toNearest: Float32Array;
  },
  k: number,
  count: number,
): Tally => {
  const sizes = new Array<number>(k).fill(0);
  const distanceSums = new Array<number>(k).fill(0);
  const members = Array.from({ length: k }, (): Near[] => []);
  for (const [row, label] of rows.labels.entries()) {
    if (label < 0) continue;
    const distance = rows.distances[row] ?? 0;
    sizes[label] = (sizes[label] ?? 0) + 1;
    distanceSums[label] = (distanceSums[label] ?? 0) + distance;
    members[label]?.push({ id: rows.ids[row] ?? "", distance });
  }
  return {
    rows: rows.labels.length,
    distanceSum: rows.toNearest.reduce((sum, distance) => sum + distance, 0),
    sizes,
    distanceSums,
    nearest: members.map((near) => merged(near, [], count)),
  };
};

/** Mean distance of each cluster's members to its centroid; 0 for none. */
export const spreadsOf = ({ sizes, distanceSums }: Tally): readonly number[] =>
  sizes.map((size, i) => (size === 0 ? 0 : (distanceSums[i] ?? 0) / size));
