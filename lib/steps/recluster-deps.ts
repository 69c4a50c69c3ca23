import type { Queue } from "../aws/queue.ts";
import type { Centroids } from "../centroids/centroids.ts";
import type { SampleParts } from "../centroids/sample-parts.ts";
import type { Shards } from "../centroids/survey.ts";
import type { Products } from "../cluster/products.ts";
import type { Config } from "../config/schema.ts";
import type { Log } from "../log.ts";
import type { ReclusterMessage } from "../messages.ts";
import type { VectorStore } from "../store/store.ts";

export type ReclusterDeps = {
  readonly config: Pick<Config, "store" | "clustering">;
  readonly store: Pick<VectorStore, "collections" | "count" | "scan" | "scanVectors" | "fetch">;
  readonly centroids: Centroids;
  /** What multiplies matrices while clusters are trained; without it the WebAssembly kernel does. */
  readonly products?: Products;
  readonly samples: SampleParts;
  readonly shards: Shards;
  /** The recluster queue: what a version still needs goes there. */
  readonly queue: Queue<ReclusterMessage>;
  readonly log: Pick<Log, "info" | "debug">;
  /** ms since 1970 */
  readonly now: () => number;
  /** Rows that are scanned at once, and after which progress is kept; tests take small ones. */
  readonly pageRows?: number;
  readonly keptRows?: number;
};

export const pageRowsOf = ({ pageRows = 500 }: ReclusterDeps): number => pageRows;
export const nearestPerCluster = 5;
