import type { Queue } from "../aws/queue.ts";
import type { Labeler } from "../cluster/labeler.ts";
import { AppError } from "../errors.ts";
import { type ClusterMessage, decodeVectors, type WriteMessage } from "../messages.ts";
import type { Delivery } from "./delivery.ts";
import { failRun, type GuardDeps, guarded } from "./guarded.ts";

export type ClusterDeps = GuardDeps & {
  readonly labeler: Labeler;
  /** The write queue. */
  readonly queue: Queue<WriteMessage>;
};

/** float32 has seven digits; JSON would write seventeen. */
const shorten = (distance: number): number => Number(distance.toPrecision(7));

/** The vectors of a message; null when they are not `chunks × dimension` float32. */
export const vectorsOf = ({ vectors, chunks, embedding }: ClusterMessage): Float32Array | null => {
  try {
    return decodeVectors(vectors, chunks.length, embedding.dimension);
  } catch {
    return null;
  }
};

/** The message is broken, and each delivery would bring it broken again: only another run of the document can mend it. */
export const brokenVectors = (message: ClusterMessage): AppError =>
  new AppError(
    "EMBEDDING_FAILED",
    `batch ${message.batch} of ${message.document.key} does not hold ${message.chunks.length} vectors of ${message.embedding.dimension} numbers`,
  );

/** Adds cluster labels to a batch and hands it on. A stale batch is acknowledged without work. */
export const clusterStep =
  (deps: ClusterDeps) =>
  async (message: ClusterMessage, delivery: Delivery): Promise<void> => {
    const { key, run } = message.document;
    const entry = await deps.ledger.read(key);
    if (entry === null || entry.run !== run || entry.state === "ready") return;
    const vectors = vectorsOf(message);
    if (vectors === null) return failRun(deps, entry, "cluster", brokenVectors(message), "keep");
    const { dimension, identity } = message.embedding;
    await guarded(deps, "cluster", entry, delivery, async () => {
      const labels = await deps.labeler.label(vectors, dimension, identity);
      await deps.queue.send([
        {
          ...message,
          clusterVersion: labels.version,
          clusterIds: Array.from(labels.ids),
          clusterDistances: Array.from(labels.distances, shorten),
        },
      ]);
    });
  };
