import type { PublishedCentroids } from "../centroids/published.ts";
import { nearestCentroids } from "../cluster/nearest.ts";
import { joinedRows } from "../cluster/vectors.ts";
import type { RebuildMessage } from "../messages.ts";
import type { Filter } from "../store/filter.ts";
import type { CollectionSpec } from "../store/store.ts";
import type { ReclusterDeps } from "./recluster-deps.ts";

/** Whether to train, and why or why not, for people. */
export type Judgement = { readonly train: boolean; readonly why: string };

/** New rows that drift is judged by; ids are hashes, so the first of them are drawn at random. */
const newcomers = 500;

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/**
 * How much larger the mean distance to the nearest centroid is than it was in training, as a share: old rows have what
 * they had then, new ones what a sample of them has.
 */
const driftOf = async (
  { store }: ReclusterDeps,
  spec: CollectionSpec,
  { meanDistance, trainedAt, dimension, centroids }: PublishedCentroids,
  rows: number,
): Promise<number> => {
  const filter: Filter = { field: "ingestedAt", op: "gt", value: trainedAt };
  const { rows: found } = await store.scanVectors(spec.name, { filter, limit: newcomers });
  if (found.length === 0 || meanDistance === 0) return 0;
  const vectors = joinedRows(found.map(({ vector }) => vector));
  const { distances } = nearestCentroids(vectors, dimension, centroids);
  const theirs = distances.reduce((sum, distance) => sum + distance / found.length, 0);
  const share = Math.min(1, (await store.count(spec.name, filter)) / rows);
  return share * (theirs / meanDistance - 1);
};

const judgeChange = async (
  deps: ReclusterDeps,
  spec: CollectionSpec,
  published: PublishedCentroids,
  rows: number,
): Promise<Judgement> => {
  const { growth, drift } = deps.config.clustering;
  const grown = rows / published.rows - 1;
  if (growth !== null && grown >= growth)
    return { train: true, why: `the collection has grown by ${percent(grown)}` };
  const drifted = drift === null ? 0 : await driftOf(deps, spec, published, rows);
  if (drift !== null && drifted >= drift)
    return {
      train: true,
      why: `chunks lie ${percent(drifted)} farther from their centroids than in training`,
    };
  return {
    train: false,
    why: `grown by ${percent(grown)}, drifted by ${percent(drifted)}: no need to train`,
  };
};

/** Whether a rebuild that was asked for should train this collection. */
export const judge = async (
  deps: ReclusterDeps,
  spec: CollectionSpec,
  { reason, request }: RebuildMessage,
  published: PublishedCentroids | null,
): Promise<Judgement> => {
  if (reason === "minRows" && published !== null)
    return { train: false, why: `centroids are there already, version ${published.version}` };
  if (request !== undefined && request === published?.request)
    return { train: false, why: `version ${published.version} was trained for this request` };
  const { minRows } = deps.config.clustering;
  const rows = await deps.store.count(spec.name);
  if (rows < minRows)
    return {
      train: false,
      why: `${rows} chunks are stored; clusters are made from ${minRows} (clustering.minRows)`,
    };
  if (reason !== "check" || published === null) return { train: true, why: reason };
  return judgeChange(deps, spec, published, rows);
};
