import type { Queue } from "../aws/queue.ts";
import type { Centroids } from "../centroids/centroids.ts";
import { isClusterAlgorithm } from "../cluster/registry.ts";
import type { Config } from "../config/schema.ts";
import type { ReclusterMessage } from "../messages.ts";
import { collectionNames, type VectorStore } from "../store/store.ts";

export type ReclusterTrigger = (embedding: { readonly identity: string }) => Promise<void>;

/**
 * What the writer calls when a document has become ready. While nothing is published it asks for the first training once
 * there are `clustering.minRows` chunks: it counts, which is cheap because they are few. After asking it stays quiet for
 * `quietMs`, then asks again if nothing came of it. Once centroids are published it asks every `checkMs` of such calls
 * that growth and drift be looked at, and does nothing else.
 */
export const reclusterTrigger = (deps: {
  readonly config: Pick<Config, "store" | "clustering">;
  readonly store: Pick<VectorStore, "count">;
  readonly centroids: Pick<Centroids, "current">;
  readonly queue: Queue<ReclusterMessage>;
  readonly now: () => number;
  readonly quietMs?: number;
  readonly checkMs?: number;
}): ReclusterTrigger => {
  const { algorithm, minRows, growth, drift } = deps.config.clustering;
  const { quietMs = 60_000, checkMs = 300_000 } = deps;
  const published = new Set<string>();
  const askedAt = new Map<string, number>();
  const isDue = (identity: string, quiet: number): boolean =>
    deps.now() - (askedAt.get(identity) ?? Number.NEGATIVE_INFINITY) >= quiet;
  const ask = async (identity: string, reason: "minRows" | "check"): Promise<void> => {
    askedAt.set(identity, deps.now());
    await deps.queue.send([{ version: 1, reason }]);
  };
  const askForFirst = async (identity: string): Promise<void> => {
    if ((await deps.centroids.current(identity)) !== null) {
      published.add(identity);
      // The first check comes when there has been time for a change.
      askedAt.set(identity, deps.now());
      return;
    }
    const { main } = collectionNames(deps.config.store.collection, identity);
    if ((await deps.store.count(main)) >= minRows) await ask(identity, "minRows");
  };
  const checks = growth !== null || drift !== null;
  return async ({ identity }) => {
    if (!isClusterAlgorithm(algorithm)) return;
    if (!published.has(identity)) return isDue(identity, quietMs) ? askForFirst(identity) : undefined;
    if (checks && isDue(identity, checkMs)) await ask(identity, "check");
  };
};
