import type { ClusteredHit, HitCluster, RerankContext } from "../../lib/rerank/reranker.ts";
import { clusterHits } from "../../lib/steps/search-clusters.ts";
import { chunkRow } from "../search/rows.ts";

const radians = (degrees: number): number => (degrees * Math.PI) / 180;
const atAngle = (degrees: number): Float32Array =>
  Float32Array.of(Math.cos(radians(degrees)), Math.sin(radians(degrees)));

export const context = (options: Partial<RerankContext> = {}): RerankContext => ({
  query: atAngle(0),
  queryText: "kites",
  topK: 10,
  budgetTokens: null,
  options: {},
  signal: new AbortController().signal,
  scorePairs: async (_, texts) => new Float32Array(texts.length),
  ...options,
});

/** A hit as it stands after clustering, in the plane: its cluster's centre is at `centre` degrees from the question. */
export const hit = (options: {
  id: string;
  score: number;
  cluster: number;
  size?: number;
  centre?: number;
  clusterDistance?: number;
}): ClusteredHit => {
  const { id, score, cluster, size = 1, centre = 0, clusterDistance = 0 } = options;
  const own: HitCluster = {
    id: cluster,
    size,
    centroid: atAngle(centre),
    centerDistance: 1 - Math.cos(radians(centre)),
  };
  return { ...chunkRow({ id }), score, cluster: own, clusterDistance };
};

/**
 * The worked example of the design: angles from the question, scores their cosines. a, b and c are one cluster whose
 * centre is the normalised mean of theirs, d another; f is noise.
 */
export const workedExample = (): readonly ClusteredHit[] => {
  const angles = { a: 0, d: 20, f: 25, b: 40, c: 50 };
  const labels = { a: 0, d: 1, f: -1, b: 0, c: 0 };
  const rows = Object.entries(angles).map(([id, degrees]) => ({
    ...chunkRow({ id, vector: atAngle(degrees) }),
    score: Math.cos(radians(degrees)),
  }));
  const members = [0, 40, 50].map(radians);
  const sum = (of: (angle: number) => number): number =>
    members.reduce((total, angle) => total + of(angle), 0);
  const centre = (Math.atan2(sum(Math.sin), sum(Math.cos)) * 180) / Math.PI;
  return clusterHits(rows, atAngle(0), {
    labels: Int32Array.from(Object.values(labels)),
    centroids: Float32Array.of(...atAngle(centre), ...atAngle(20)),
  });
};
