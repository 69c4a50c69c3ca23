import type { ClusterMap } from "../centroids/cluster-map.ts";
import { mapPoints } from "../cluster/map-points.ts";
import { nearestCentroids } from "../cluster/nearest.ts";
import type { MapMessage } from "../messages.ts";
import { pageRowsOf, type ReclusterDeps } from "./recluster-deps.ts";

type Rows = { readonly ids: readonly string[]; readonly vectors: Float32Array };

/** The first rows in order of id: ids are hashes, so they are drawn at random. */
const firstRows = async (
  deps: ReclusterDeps,
  collection: string,
  dimension: number,
  signal: AbortSignal,
): Promise<Rows> => {
  const { mapPoints: most } = deps.config.clustering;
  const ids: string[] = [];
  const vectors = new Float32Array(most * dimension);
  let cursor: string | undefined;
  do {
    signal.throwIfAborted();
    const limit = Math.min(pageRowsOf(deps), most - ids.length);
    const page = await deps.store.scanVectors(collection, {
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { id, vector } of page.rows) {
      vectors.set(vector, ids.length * dimension);
      ids.push(id);
    }
    cursor = page.cursor;
  } while (cursor !== undefined && ids.length < most);
  return { ids, vectors: vectors.subarray(0, ids.length * dimension) };
};

const shorten = (value: number): number => Number(value.toFixed(4));

/** Draws the map of a version and attaches it. `stale`: the version is no longer the current one, or has a map. */
export const drawMap = async (
  deps: ReclusterDeps,
  { collection, identity, clusterVersion }: MapMessage,
  signal: AbortSignal,
): Promise<"stale" | "mapped"> => {
  const published = await deps.centroids.latest(identity);
  if (published?.version !== clusterVersion) return "stale";
  if ((await deps.centroids.attached(published, "map")) !== null) return "stale";
  const { dimension, centroids, radii, ids: names, seed } = published;
  const { ids, vectors } = await firstRows(deps, collection, dimension, signal);
  const labels = nearestCentroids(vectors, dimension, centroids, radii).ids;
  const places = await mapPoints(vectors, dimension, { seed, signal });
  const map: ClusterMap = {
    points: ids.map((id, row) => ({
      id,
      x: shorten(places[2 * row] ?? 0),
      y: shorten(places[2 * row + 1] ?? 0),
      clusterId: names[labels[row] ?? -1] ?? -1,
    })),
  };
  return (await deps.centroids.attach(published, "map", JSON.stringify(map))) ? "mapped" : "stale";
};
