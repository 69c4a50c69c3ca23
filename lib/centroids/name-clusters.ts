import type { Clustering } from "../cluster/cluster-model.ts";
import { matchClusters } from "../cluster/match-clusters.ts";
import { nearestCentroids } from "../cluster/nearest.ts";
import type { PublishedCentroids } from "./published.ts";

/** A vector so many times farther from a centroid than its members are on average does not belong to that cluster. */
const reach = 4;

/**
 * Names for the clusters of a training: that of the published cluster that it is, judged by the vectors `[n, d]` of the
 * training; a new one for every other.
 */
export const nameClusters = (
  vectors: Float32Array,
  { labels, k }: Pick<Clustering, "labels" | "k">,
  previous: PublishedCentroids | null,
): Pick<PublishedCentroids, "ids" | "nextId"> => {
  let nextId = previous?.nextId ?? 0;
  const matched =
    previous === null
      ? new Int32Array(k).fill(-1)
      : matchClusters(
          nearestCentroids(
            vectors,
            previous.dimension,
            previous.centroids,
            previous.radii ?? previous.spreads.map((spread) => reach * spread),
          ).ids,
          labels,
          previous.k,
          k,
        );
  const ids = Array.from(matched, (before) => previous?.ids[before] ?? nextId++);
  return { ids, nextId };
};
