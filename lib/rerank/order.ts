import { z } from "zod";
import type { ClusteredHit, HitCluster } from "./reranker.ts";

/** For rerankers that take no options. */
export const noOptions = z.strictObject({});

type Hit = Pick<ClusteredHit, "id" | "score">;

/** Score, best first, then id by code units: the order that every tie falls back to. */
export const byScore = (a: Hit, b: Hit): number =>
  b.score - a.score || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

type Group = {
  readonly cluster: HitCluster;
  readonly hits: readonly ClusteredHit[];
  readonly best: ClusteredHit;
};

/**
 * Keeps clusters together: orders them by `clusters`, equal ones by their best hit, and the hits of each by `within`,
 * equal ones by score, then id.
 */
export const orderGroups = (
  hits: readonly ClusteredHit[],
  clusters: (a: HitCluster, b: HitCluster) => number,
  within: (a: ClusteredHit, b: ClusteredHit) => number,
): readonly ClusteredHit[] => {
  const groups: Group[] = [...Map.groupBy([...hits].sort(byScore), (hit) => hit.cluster.id).values()].flatMap(
    (members) =>
      members[0] === undefined ? [] : [{ cluster: members[0].cluster, hits: members, best: members[0] }],
  );
  groups.sort((a, b) => clusters(a.cluster, b.cluster) || byScore(a.best, b.best));
  return groups.flatMap((group) => [...group.hits].sort((a, b) => within(a, b) || byScore(a, b)));
};
