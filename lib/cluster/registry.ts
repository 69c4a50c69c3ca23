import type { ClusterModel } from "./cluster-model.ts";
import { kmeans } from "./kmeans.ts";
import { queryKmeans } from "./query-kmeans.ts";

/** The algorithms: `offline` trains the published centroids, `query` clusters one answer's candidates. */
export const clusterModels = {
  kmeans: { offline: kmeans, query: queryKmeans },
} as const satisfies Record<string, { readonly offline: ClusterModel; readonly query: ClusterModel }>;

export type ClusterAlgorithm = keyof typeof clusterModels;
export const clusterAlgorithms = Object.keys(clusterModels) as [ClusterAlgorithm, ...ClusterAlgorithm[]];

export const isClusterAlgorithm = (name: string): name is ClusterAlgorithm =>
  Object.hasOwn(clusterModels, name);
