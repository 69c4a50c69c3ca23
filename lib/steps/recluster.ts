import type { Basis } from "../centroids/centroids.ts";
import { nameClusters } from "../centroids/name-clusters.ts";
import type { PublishedCentroids, Training } from "../centroids/published.ts";
import type { Clustering } from "../cluster/cluster-model.ts";
import { hdbscanOptions } from "../cluster/hdbscan.ts";
import { nearestCentroids } from "../cluster/nearest.ts";
import { type ClusterAlgorithm, clusterModels, isClusterAlgorithm } from "../cluster/registry.ts";
import { spreadsOf, tallyOf } from "../cluster/tally.ts";
import { groupTerms } from "../cluster/terms.ts";
import type { MapMessage, RebuildMessage, ReclusterMessage, ShardMessage } from "../messages.ts";
import { type CollectionSpec, collectionNames } from "../store/store.ts";
import { nearestPerCluster, type ReclusterDeps } from "./recluster-deps.ts";
import { judge } from "./recluster-judge.ts";
import { drawMap } from "./recluster-map.ts";
import { drawSample, highestLabel, type RowSample } from "./recluster-sample.ts";
import { assignShard, shardMessages } from "./recluster-shards.ts";

/** What became of one collection. */
export type ReclusterReport = {
  readonly collection: string;
  readonly outcome: "published" | "superseded" | "skipped";
  /** For people. */
  readonly message: string;
  readonly version?: number;
  readonly k?: number;
  readonly rows?: number;
};

/** Members whose texts name a cluster, and how many words are published of it. */
const membersForTerms = 32;
const termsPerCluster = 8;
/** After so long what a version still needs is asked for again: its messages may have been lost. */
const overdueMs = 3_600_000;

/** Rows of the sample in each cluster, nearest to the centre first, ties by id. */
const membersByDistance = ({ labels, distances, k }: Clustering, ids: readonly string[]): string[][] => {
  const members = Array.from({ length: k }, (): number[] => []);
  for (const [row, label] of labels.entries()) members[label]?.push(row);
  const idOf = (row: number): string => ids[row] ?? "";
  return members.map((rows) =>
    rows
      .sort((a, b) => (distances[a] ?? 0) - (distances[b] ?? 0) || (idOf(a) < idOf(b) ? -1 : 1))
      .slice(0, membersForTerms)
      .map(idOf),
  );
};

const describe = async (
  { store }: ReclusterDeps,
  spec: CollectionSpec,
  members: readonly (readonly string[])[],
): Promise<readonly (readonly string[])[]> => {
  const texts: string[][] = [];
  for (const ids of members) texts.push((await store.fetch(spec.name, ids)).map((row) => row.text));
  return groupTerms(texts, termsPerCluster);
};

/** The centroids that a training goes on from: the published ones, unless another algorithm or seed is wanted since. */
const startOf = (
  published: PublishedCentroids | null,
  algorithm: ClusterAlgorithm,
  seed: number,
): { readonly start?: Float32Array } =>
  published?.algorithm === algorithm && published.seed === seed ? { start: published.centroids } : {};

/** What the sample says of each cluster; sizes are scaled up to all rows, an unbiased estimate for a uniform sample. */
const measure = (
  { ids, vectors, rows }: RowSample,
  d: number,
  { k, labels, distances, centroids, radii }: Clustering,
): Pick<Training, "sizes" | "spreads" | "meanDistance"> => {
  const toNearest = radii === undefined ? distances : nearestCentroids(vectors, d, centroids).distances;
  const tally = tallyOf({ ids, labels, distances, toNearest }, k, 0);
  return {
    sizes: tally.sizes.map((size) => Math.round((size * rows) / ids.length)),
    spreads: spreadsOf(tally),
    meanDistance: tally.distanceSum / ids.length,
  };
};

const train = async (
  deps: ReclusterDeps,
  spec: CollectionSpec,
  algorithm: ClusterAlgorithm,
  { basis, published }: { readonly basis: Basis; readonly published: PublishedCentroids | null },
  signal: AbortSignal,
): Promise<Training | null> => {
  const { k, seed, hdbscan } = deps.config.clustering;
  const sample = await drawSample(deps, spec, basis.version, signal);
  const clustering = await clusterModels[algorithm].offline.fit(sample.vectors, spec.dimension, {
    k,
    seed,
    ...startOf(published, algorithm, seed),
    signal,
    hdbscan: hdbscanOptions(hdbscan),
    ...(deps.products && { products: deps.products }),
    onPass: (pass) => deps.log.debug("clustering pass", pass),
    onProgress: (share) => deps.log.debug("clustering progress", { share }),
  });
  if (clustering.k === 0) return null;
  const members = membersByDistance(clustering, sample.ids);
  return {
    identity: spec.identity,
    algorithm,
    seed,
    k: clustering.k,
    dimension: spec.dimension,
    ...nameClusters(sample.vectors, clustering, published),
    centroids: clustering.centroids,
    ...(clustering.radii && { radii: [...clustering.radii] }),
    ...measure(sample, spec.dimension, clustering),
    terms: await describe(deps, spec, members),
    nearest: members.map((ids) => ids.slice(0, nearestPerCluster)),
    rows: sample.rows,
    sampled: sample.ids.length,
    trainedAt: deps.now(),
  };
};

/** Clears up behind a training and asks for what its version does not have yet: the assignment of all rows, the map. */
const askForRest = async (
  deps: ReclusterDeps,
  spec: CollectionSpec,
  published: PublishedCentroids,
): Promise<void> => {
  await deps.samples.clear(spec.identity);
  const surveyed = (await deps.centroids.attached(published, "survey")) !== null;
  const mapped = (await deps.centroids.attached(published, "map")) !== null;
  const map: MapMessage = {
    version: 1,
    task: "map",
    collection: spec.name,
    identity: spec.identity,
    clusterVersion: published.version,
  };
  await deps.queue.send([
    ...(surveyed ? [] : shardMessages(deps, spec, published)),
    ...(mapped || deps.config.clustering.mapPoints === 0 ? [] : [map]),
  ]);
};

const publishedReport = (collection: string, published: PublishedCentroids, why: string): ReclusterReport => {
  const { version, k, rows, sampled } = published;
  const message = `version ${version}: ${k} clusters of ${rows} chunks, trained on ${sampled} (${why})`;
  return { collection, outcome: "published", message, version, k, rows };
};

const reclusterCollection = async (
  deps: ReclusterDeps,
  spec: CollectionSpec,
  algorithm: ClusterAlgorithm,
  message: RebuildMessage,
  signal: AbortSignal,
): Promise<ReclusterReport> => {
  const collection = spec.name;
  const skipped = (why: string): ReclusterReport => ({ collection, outcome: "skipped", message: why });
  const basis = await deps.centroids.basis(spec.identity);
  const before = await deps.centroids.latest(spec.identity);
  const { train: needed, why } = await judge(deps, spec, message, before);
  if (!needed) {
    const again = before?.request !== undefined && before.request === message.request;
    if (before !== null && (again || deps.now() - before.trainedAt > overdueMs))
      await askForRest(deps, spec, before);
    return skipped(why);
  }
  const trained = await train(deps, spec, algorithm, { basis, published: before }, signal);
  if (trained === null) return skipped("no clusters were found, so the published ones stay");
  signal.throwIfAborted();
  const training = { ...trained, ...(message.request !== undefined && { request: message.request }) };
  const labelledUpTo = await highestLabel(deps, spec, basis.version);
  const published = await deps.centroids.publish(training, basis, labelledUpTo);
  if (published === null)
    return {
      collection,
      outcome: "superseded",
      message: "another training published first; this one is dropped",
    };
  await askForRest(deps, spec, published);
  return publishedReport(collection, published, why);
};

const rebuild = async (
  deps: ReclusterDeps,
  message: RebuildMessage,
  signal: AbortSignal,
): Promise<readonly ReclusterReport[]> => {
  const { algorithm } = deps.config.clustering;
  const { reason } = message;
  if (!isClusterAlgorithm(algorithm)) {
    deps.log.info("no clusters are made", { reason, algorithm });
    return [];
  }
  const base = deps.config.store.collection;
  const specs = (await deps.store.collections()).filter(
    (spec) => spec.name === collectionNames(base, spec.identity).main,
  );
  const reports: ReclusterReport[] = [];
  for (const spec of specs) {
    const startedAt = deps.now();
    const report = await reclusterCollection(deps, spec, algorithm, message, signal);
    const { message: detail, ...facts } = report;
    deps.log.info("recluster", { reason, ...facts, detail, tookMs: deps.now() - startedAt });
    reports.push(report);
  }
  return reports;
};

const supplement = async (
  deps: ReclusterDeps,
  message: ShardMessage | MapMessage,
  signal: AbortSignal,
): Promise<readonly ReclusterReport[]> => {
  const startedAt = deps.now();
  const outcome =
    message.task === "shard"
      ? await assignShard(deps, message, signal)
      : await drawMap(deps, message, signal);
  const { version: _format, ...facts } = message;
  deps.log.info("recluster", { ...facts, outcome, tookMs: deps.now() - startedAt });
  return [];
};

/**
 * Trains centroids on a sample of each main collection and publishes them under a new version; then, by messages to
 * itself, assigns all rows in shards and draws the map. Rewrites no row: search computes the labels of rows that carry an
 * older version.
 *
 * `minRows` does nothing where centroids are published, `check` where the collection has neither grown nor drifted; no
 * reason trains below `clustering.minRows` rows; algorithm `none` never trains. A request that is delivered again trains
 * no second time. An abort rejects, nothing is published, and the next delivery goes on with the sample.
 */
export const reclusterStep =
  (deps: ReclusterDeps) =>
  async (
    message: ReclusterMessage,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<readonly ReclusterReport[]> =>
    "task" in message ? supplement(deps, message, signal) : rebuild(deps, message, signal);
