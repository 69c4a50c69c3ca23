import type { Centroids } from "../centroids/centroids.ts";
import type { PublishedCentroids } from "../centroids/published.ts";
import type { Config } from "../config/schema.ts";
import { AppError } from "../errors.ts";
import type { VectorStore } from "../store/store.ts";

/** A published cluster as `GET /clusters` shows it. */
type PublishedCluster = {
  readonly id: number;
  /** Chunks whose nearest centroid it is, as they were when the clusters were built. */
  readonly size: number;
  /** Words that set the cluster apart, best first. */
  readonly terms: readonly string[];
  /** Ids of the chunks nearest to the centre, nearest first. */
  readonly nearest: readonly string[];
};

type ClusterPage = {
  /** 0: nothing is published yet. */
  readonly version: number;
  /** ms since 1970 */
  readonly trainedAt?: number;
  readonly clusters: readonly PublishedCluster[];
  readonly cursor?: string;
};

/**
 * The use case behind `GET /clusters`: largest cluster first. A cursor that is not ours, or of clusters that have been
 * rebuilt since, throws `BAD_REQUEST`.
 */
export type ListClusters = (options: {
  readonly limit: number;
  readonly cursor?: string | undefined;
}) => Promise<ClusterPage>;

const cursorOf = (version: number, start: number): string =>
  Buffer.from(`${version}:${start}`).toString("base64url");

const startOf = (cursor: string, version: number): number => {
  const [, of, start] = /^(\d+):(\d+)$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (of === undefined || start === undefined)
    throw new AppError("BAD_REQUEST", "cursor: not one of this API");
  if (Number(of) !== version)
    throw new AppError(
      "BAD_REQUEST",
      "cursor: the clusters were rebuilt since; begin again without a cursor",
    );
  return Number(start);
};

const clusterAt = ({ sizes, terms, nearest }: PublishedCentroids, id: number): PublishedCluster => ({
  id,
  size: sizes[id] ?? 0,
  terms: terms[id] ?? [],
  nearest: nearest[id] ?? [],
});

/** Reads what was published for the collection that search reads. */
export const listClusters =
  (deps: {
    readonly config: Pick<Config, "store">;
    readonly store: Pick<VectorStore, "resolve">;
    readonly centroids: Pick<Centroids, "current">;
  }): ListClusters =>
  async ({ limit, cursor }) => {
    const spec = await deps.store.resolve(deps.config.store.collection);
    const published = spec && (await deps.centroids.current(spec.identity));
    const version = published?.version ?? 0;
    const start = cursor === undefined ? 0 : startOf(cursor, version);
    if (!published) return { version, clusters: [] };
    const end = Math.min(published.k, start + limit);
    const clusters = Array.from({ length: Math.max(0, end - start) }, (_, i) =>
      clusterAt(published, start + i),
    );
    const { trainedAt } = published;
    return { version, trainedAt, clusters, ...(end < published.k ? { cursor: cursorOf(version, end) } : {}) };
  };
