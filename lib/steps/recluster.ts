import type { Queue } from "../aws/queue.ts";
import type { Basis, Centroids } from "../centroids/centroids.ts";
import type { PublishedCentroids, Training } from "../centroids/published.ts";
import type { Clustering } from "../cluster/cluster-model.ts";
import { clusterSizes } from "../cluster/clustering.ts";
import type { Products } from "../cluster/products.ts";
import { type ClusterAlgorithm, clusterModels, isClusterAlgorithm } from "../cluster/registry.ts";
import { reservoir, type Sample } from "../cluster/reservoir.ts";
import { groupTerms } from "../cluster/terms.ts";
import type { Config } from "../config/schema.ts";
import type { Log } from "../log.ts";
import type { ReclusterMessage } from "../messages.ts";
import { type CollectionSpec, collectionNames, type VectorStore } from "../store/store.ts";

export type ReclusterDeps = {
  readonly config: Pick<Config, "store" | "clustering">;
  readonly store: Pick<VectorStore, "collections" | "count" | "scan" | "fetch">;
  readonly centroids: Centroids;
  /** What multiplies matrices while clusters are trained; without it the WebAssembly kernel does. */
  readonly products?: Products;
  readonly log: Pick<Log, "info" | "debug">;
  /** ms since 1970 */
  readonly now: () => number;
};

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

const pageRows = 500;
/** Members whose texts name a cluster, and how many words and ids are published of it. */
const membersForTerms = 32;
const termsPerCluster = 8;
const nearestPerCluster = 5;

/** Reads the whole collection by pages; also gives the highest version that a row was labelled with. */
const sampleRows = async (
  { config, store }: ReclusterDeps,
  spec: CollectionSpec,
  signal: AbortSignal,
): Promise<Sample & { readonly labelledUpTo: number }> => {
  const { sample, seed } = config.clustering;
  const drawn = reservoir(sample, spec.dimension, seed);
  let labelledUpTo = 0;
  let cursor: string | undefined;
  do {
    signal.throwIfAborted();
    const page = await store.scan(spec.name, {
      limit: pageRows,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const row of page.rows) {
      drawn.add(row.id, row.vector);
      labelledUpTo = Math.max(labelledUpTo, row.clusterVersion);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return { ...drawn.take(), labelledUpTo };
};

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

const train = async (
  deps: ReclusterDeps,
  spec: CollectionSpec,
  algorithm: ClusterAlgorithm,
  signal: AbortSignal,
): Promise<{ readonly training: Training; readonly labelledUpTo: number } | null> => {
  const { k, seed } = deps.config.clustering;
  const sample = await sampleRows(deps, spec, signal);
  const clustering = await clusterModels[algorithm].offline.fit(sample.vectors, spec.dimension, {
    k,
    seed,
    signal,
    ...(deps.products && { products: deps.products }),
    onPass: (pass) => deps.log.debug("clustering pass", pass),
  });
  if (clustering.k === 0) return null;
  const members = membersByDistance(clustering, sample.ids);
  // The nearest centroid of each row of a uniform sample: scaled up, an unbiased estimate for the rest.
  const scale = sample.rows / sample.ids.length;
  const training: Training = {
    identity: spec.identity,
    algorithm,
    seed,
    k: clustering.k,
    dimension: spec.dimension,
    centroids: clustering.centroids,
    ...(clustering.radii && { radii: [...clustering.radii] }),
    sizes: [...clusterSizes(clustering.labels, clustering.k)].map((size) => Math.round(size * scale)),
    terms: await describe(deps, spec, members),
    nearest: members.map((ids) => ids.slice(0, nearestPerCluster)),
    rows: sample.rows,
    sampled: sample.ids.length,
    trainedAt: deps.now(),
  };
  return { training, labelledUpTo: sample.labelledUpTo };
};

/** Why there is nothing to do for this collection; null: train. */
const reasonToSkip = async (
  { config, store }: ReclusterDeps,
  spec: CollectionSpec,
  reason: ReclusterMessage["reason"],
  basis: Basis,
): Promise<string | null> => {
  const { minRows } = config.clustering;
  if (reason === "minRows" && basis.published) return `centroids are there already, version ${basis.version}`;
  const rows = await store.count(spec.name);
  return rows < minRows
    ? `${rows} chunks are stored; clusters are made from ${minRows} (clustering.minRows)`
    : null;
};

const reclusterCollection = async (
  deps: ReclusterDeps,
  spec: CollectionSpec,
  algorithm: ClusterAlgorithm,
  reason: ReclusterMessage["reason"],
  signal: AbortSignal,
): Promise<ReclusterReport> => {
  const collection = spec.name;
  const basis = await deps.centroids.basis(spec.identity);
  const skip = await reasonToSkip(deps, spec, reason, basis);
  if (skip !== null) return { collection, outcome: "skipped", message: skip };
  const trained = await train(deps, spec, algorithm, signal);
  if (trained === null)
    return { collection, outcome: "skipped", message: "no clusters were found, so the published ones stay" };
  signal.throwIfAborted();
  const published = await deps.centroids.publish(trained.training, basis, trained.labelledUpTo);
  return published === null
    ? { collection, outcome: "superseded", message: "another training published first; this one is dropped" }
    : publishedReport(collection, published);
};

const publishedReport = (collection: string, published: PublishedCentroids): ReclusterReport => {
  const { version, k, rows, sampled } = published;
  const message = `version ${version}: ${k} clusters of ${rows} chunks, trained on ${sampled}`;
  return { collection, outcome: "published", message, version, k, rows };
};

/**
 * Trains centroids on a sample of each main collection and publishes them under a new version. Rewrites no row: search
 * computes the labels of rows that carry an older version.
 *
 * `minRows` does nothing where centroids are published; no reason trains below `clustering.minRows` rows; algorithm
 * `none` never trains. Running it twice publishes twice and harms nothing. An abort rejects, nothing is published.
 */
export const reclusterStep =
  (deps: ReclusterDeps) =>
  async (
    { reason }: ReclusterMessage,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<readonly ReclusterReport[]> => {
    const { algorithm } = deps.config.clustering;
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
      const report = await reclusterCollection(deps, spec, algorithm, reason, signal);
      const { message: detail, ...facts } = report;
      deps.log.info("recluster", { reason, ...facts, detail, tookMs: deps.now() - startedAt });
      reports.push(report);
    }
    return reports;
  };

export type ReclusterTrigger = (embedding: { readonly identity: string }) => Promise<void>;

/**
 * What the writer calls when a document has become ready: asks for the first training once there are
 * `clustering.minRows` chunks. While there are fewer it counts, which is cheap because they are few; once centroids are
 * published it does nothing for good. After asking it stays quiet for `quietMs`, then asks again if nothing came of it.
 */
export const reclusterTrigger = (deps: {
  readonly config: Pick<Config, "store" | "clustering">;
  readonly store: Pick<VectorStore, "count">;
  readonly centroids: Pick<Centroids, "current">;
  readonly queue: Queue<ReclusterMessage>;
  readonly now: () => number;
  readonly quietMs?: number;
}): ReclusterTrigger => {
  const { algorithm, minRows } = deps.config.clustering;
  const published = new Set<string>();
  const askedAt = new Map<string, number>();
  return async ({ identity }) => {
    if (!isClusterAlgorithm(algorithm) || published.has(identity)) return;
    if (deps.now() - (askedAt.get(identity) ?? Number.NEGATIVE_INFINITY) < (deps.quietMs ?? 60_000)) return;
    if ((await deps.centroids.current(identity)) !== null) {
      published.add(identity);
      return;
    }
    const { main } = collectionNames(deps.config.store.collection, identity);
    if ((await deps.store.count(main)) < minRows) return;
    askedAt.set(identity, deps.now());
    await deps.queue.send([{ version: 1, reason: "minRows" }]);
  };
};
