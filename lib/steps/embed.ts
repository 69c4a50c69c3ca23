import type { Queue } from "../aws/queue.ts";
import type { Embedder } from "../embed/embedder.ts";
import { AppError } from "../errors.ts";
import type { ReadEntry } from "../ledger/ledger.ts";
import { type ClusterMessage, type EmbedMessage, encodeVectors } from "../messages.ts";
import type { Delivery } from "./delivery.ts";
import { type GuardDeps, guarded } from "./guarded.ts";

export type EmbedDeps = GuardDeps & {
  readonly embedder: Pick<Embedder, "embed" | "identity" | "model" | "dimension">;
  /** The cluster queue. */
  readonly queue: Queue<ClusterMessage>;
};

/** A run's batches must all lie in one collection: a function of another version leaves them for one of the right version. */
const checkIdentity = ({ key, embedding }: ReadEntry, { identity, model }: EmbedDeps["embedder"]): void => {
  if (embedding !== null && embedding !== identity)
    throw new AppError(
      "EMBEDDING_MISMATCH",
      `${key} was planned for the embedding ${embedding}, but this function has ${identity} (${model}); functions of two versions are running`,
    );
};

/** Adds vectors to a batch and hands it on. A stale batch is acknowledged without work. */
export const embedStep =
  (deps: EmbedDeps) =>
  async (message: EmbedMessage, delivery: Delivery): Promise<void> => {
    const { key, run } = message.document;
    const entry = await deps.ledger.read(key);
    if (entry === null || entry.run !== run || entry.state === "ready") return;
    await guarded(deps, "embed", entry, delivery, async () => {
      checkIdentity(entry, deps.embedder);
      const { identity, model, dimension } = deps.embedder;
      const vectors = await deps.embedder.embed(
        message.chunks.map(({ text }) => text),
        "passage",
      );
      await deps.queue.send([
        { ...message, embedding: { identity, model, dimension }, vectors: encodeVectors(vectors) },
      ]);
    });
  };
