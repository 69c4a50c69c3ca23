import type { Labeler } from "../cluster/labeler.ts";
import { nearestCentroids } from "../cluster/nearest.ts";
import type { Centroids } from "./centroids.ts";

const noLabels = (n: number) => ({
  version: 0,
  ids: new Int32Array(n).fill(-1),
  distances: new Float32Array(n),
});

/**
 * Labels vectors against the current published centroids, all of one call within one version. Gives no labels while
 * nothing is published, and always when `enabled` is false (clusters are not made when chunks are stored).
 */
export const centroidLabeler = (centroids: Pick<Centroids, "current">, enabled: boolean): Labeler => ({
  label: async (vectors, dimension, identity) => {
    const published = enabled ? await centroids.current(identity) : null;
    if (published === null) return noLabels(vectors.length / dimension);
    if (published.dimension !== dimension)
      throw new RangeError(
        `centroids of ${identity} have ${published.dimension} dimensions, not ${dimension}`,
      );
    const { ids, distances } = nearestCentroids(vectors, dimension, published.centroids, published.radii);
    return {
      version: published.version,
      ids: ids.map((index) => published.ids[index] ?? -1),
      distances,
    };
  },
});
