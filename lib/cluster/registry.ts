import type { ClusterModel } from "./cluster-model.ts";
import { hdbscan } from "./hdbscan.ts";
import { kmeans } from "./kmeans.ts";
import { minibatchKmeans } from "./minibatch-kmeans.ts";
import { queryKmeans } from "./query-kmeans.ts";

/** The algorithms: `offline` trains the published centroids, `query` clusters one answer's candidates. */
export const clusterModels = {
  kmeans: { offline: kmeans, query: queryKmeans },
  "minibatch-kmeans": { offline: minibatchKmeans, query: minibatchKmeans },
  hdbscan: { offline: hdbscan, query: hdbscan },
} as const satisfies Record<string, { readonly offline: ClusterModel; readonly query: ClusterModel }>;

export type ClusterAlgorithm = keyof typeof clusterModels;
export const clusterAlgorithms = Object.keys(clusterModels) as [ClusterAlgorithm, ...ClusterAlgorithm[]];

export const isClusterAlgorithm = (name: string): name is ClusterAlgorithm =>
  Object.hasOwn(clusterModels, name);
