/** A published cluster as `GET /clusters` shows it. */
export type PublishedCluster = {
  readonly id: number;
  /** Chunks whose nearest centroid it is, as they were when the clusters were built. */
  readonly size: number;
  /** Words that set the cluster apart, best first. */
  readonly terms: readonly string[];
  /** Ids of the chunks nearest to the centre, nearest first. */
  readonly nearest: readonly string[];
};

export type ClusterPage = {
  /** 0: nothing is published yet. */
  readonly version: number;
  readonly clusters: readonly PublishedCluster[];
  readonly cursor?: string;
};

/** The use case behind `GET /clusters`. A cursor that is not ours throws `BAD_REQUEST`. */
export type ListClusters = (options: {
  readonly limit: number;
  readonly cursor?: string | undefined;
}) => Promise<ClusterPage>;
