import type { Centroids } from "../centroids/centroids.ts";
import { type ClusterMap, parseMap } from "../centroids/cluster-map.ts";
import type { PublishedCentroids } from "../centroids/published.ts";
import { parseSurvey, type Survey } from "../centroids/survey.ts";
import type { ChunkRow } from "../chunk-row.ts";
import type { Config } from "../config/schema.ts";
import { AppError } from "../errors.ts";
import type { VectorStore } from "../store/store.ts";

/** A published cluster as `GET /clusters` shows it. */
type PublishedCluster = {
  /** A name: the same cluster keeps it from version to version. */
  readonly id: number;
  /** Chunks whose nearest centroid it is, as they were when the clusters were built. */
  readonly size: number;
  /** Mean distance (1 − cosine) of its chunks to its centre. */
  readonly spread: number;
  /** Words that set the cluster apart, best first. */
  readonly terms: readonly string[];
  /** Ids of the chunks nearest to the centre, nearest first. */
  readonly nearest: readonly string[];
  /** The first of `nearest` that are still there, where they were asked for. */
  readonly examples?: readonly Pick<ChunkRow, "id" | "documentId" | "key" | "text">[];
};

type ClusterPage = {
  /** 0: nothing is published yet. */
  readonly version: number;
  /** ms since 1970 */
  readonly trainedAt?: number;
  /** Chunks there were; 0 while nothing is published. */
  readonly rows: number;
  /** Whether every chunk was looked at; else sizes and spreads are those of a sample, scaled up. */
  readonly exact: boolean;
  readonly clusters: readonly PublishedCluster[];
  readonly cursor?: string;
};

/**
 * The use case behind `GET /clusters`: largest cluster first. A cursor that is not ours, or of clusters that have been
 * rebuilt or counted since, throws `BAD_REQUEST`.
 */
export type ListClusters = (options: {
  readonly limit: number;
  readonly cursor?: string | undefined;
  /** Nearest chunks of each cluster to read. */
  readonly examples?: number;
}) => Promise<ClusterPage>;

type ClusterDeps = {
  readonly config: Pick<Config, "store">;
  readonly store: Pick<VectorStore, "resolve" | "fetch">;
  readonly centroids: Pick<Centroids, "current" | "attached">;
};

/** What was published for the collection that search reads. */
const publishedOf = async ({ config, store, centroids }: ClusterDeps): Promise<PublishedCentroids | null> => {
  const spec = await store.resolve(config.store.collection);
  return spec && centroids.current(spec.identity);
};

/** `state`: what the order of the list depends on. */
const cursorOf = (state: string, start: number): string =>
  Buffer.from(`${state}:${start}`).toString("base64url");

const startOf = (cursor: string, state: string): number => {
  const [, of, start] = /^(.+):(\d+)$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (of === undefined || start === undefined || !/^\d+(\.\d+)?$/.test(of))
    throw new AppError("BAD_REQUEST", "cursor: not one of this API");
  if (of !== state)
    throw new AppError(
      "BAD_REQUEST",
      "cursor: the clusters were rebuilt since; begin again without a cursor",
    );
  return Number(start);
};

/** The clusters of a version, largest first, with the counts of all rows once there are some. */
const inOrder = (published: PublishedCentroids, survey: Survey | null): readonly PublishedCluster[] => {
  const { sizes, spreads, nearest } = survey ?? published;
  return published.ids
    .map((id, index) => ({
      id,
      size: sizes[index] ?? 0,
      spread: spreads[index] ?? 0,
      terms: published.terms[index] ?? [],
      nearest: nearest[index] ?? [],
    }))
    .sort((a, b) => b.size - a.size || a.id - b.id);
};

/** The clusters of a page with their nearest chunks, read at once. */
const withExamples = async (
  { config, store }: ClusterDeps,
  clusters: readonly PublishedCluster[],
  count: number,
): Promise<readonly PublishedCluster[]> => {
  const wanted = clusters.flatMap(({ nearest }) => nearest.slice(0, count));
  const spec = wanted.length > 0 && (await store.resolve(config.store.collection));
  if (!spec) return clusters;
  const rows = new Map((await store.fetch(spec.name, wanted)).map((row) => [row.id, row]));
  return clusters.map((cluster) => ({
    ...cluster,
    examples: cluster.nearest
      .slice(0, count)
      .flatMap((chunk) => rows.get(chunk) ?? [])
      .map(({ id, documentId, key, text }) => ({ id, documentId, key, text })),
  }));
};

/** Reads what was published for the collection that search reads, with the counts of all rows once there are some. */
export const listClusters =
  (deps: ClusterDeps): ListClusters =>
  async ({ limit, cursor, examples = 0 }) => {
    const published = await publishedOf(deps);
    const survey = published && parseSurvey(await deps.centroids.attached(published, "survey"));
    const state = `${published?.version ?? 0}${survey ? `.${survey.assignedAt}` : ""}`;
    const start = cursor === undefined ? 0 : startOf(cursor, state);
    if (!published) return { version: 0, rows: 0, exact: false, clusters: [] };
    const { version, trainedAt, rows, sampled } = published;
    const clusters = inOrder(published, survey);
    const end = start + limit;
    return {
      version,
      trainedAt,
      rows: survey?.rows ?? rows,
      exact: survey !== null || sampled === rows,
      clusters: await withExamples(deps, clusters.slice(start, end), examples),
      ...(end < clusters.length ? { cursor: cursorOf(state, end) } : {}),
    };
  };

/** The use case behind `GET /clusters/map`: no points while none was drawn for the current version. */
export const mapClusters =
  (deps: ClusterDeps) => async (): Promise<ClusterMap & { readonly version: number }> => {
    const published = await publishedOf(deps);
    const map = published && parseMap(await deps.centroids.attached(published, "map"));
    return { version: published?.version ?? 0, points: map?.points ?? [] };
  };
