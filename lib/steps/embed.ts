import type { Queue } from "../aws/queue.ts";
import type { Embedder } from "../embed/embedder.ts";
import type { ImageEmbedder } from "../embed/image-embedder.ts";
import { AppError } from "../errors.ts";
import type { ReadEntry } from "../ledger/ledger.ts";
import { type ClusterMessage, type EmbedMessage, encodeVectors } from "../messages.ts";
import type { Embedding } from "./collections.ts";
import type { Delivery } from "./delivery.ts";
import { type GuardDeps, guarded } from "./guarded.ts";

export type EmbedDeps = GuardDeps & {
  readonly embedder: Pick<Embedder, "embed" | keyof Embedding>;
  /** Opened for the first batch of pictures. @throws AppError `NOT_AVAILABLE` where there is no image model */
  readonly imageEmbedder: () => Promise<Pick<ImageEmbedder, "embedPictures" | keyof Embedding>>;
  /** The cluster queue. */
  readonly queue: Queue<ClusterMessage>;
};

type Chunks = EmbedMessage["chunks"];

/** A run's batches must all lie in one collection: a function of another version leaves them for one of the right version. */
const checkIdentity = (key: string, planned: string | null, { identity, model }: Embedding): void => {
  if (planned !== null && planned !== identity)
    throw new AppError(
      "EMBEDDING_MISMATCH",
      `${key} was planned for the embedding ${planned}, but this function has ${identity} (${model}); functions of two versions are running`,
    );
};

type Embedded = { readonly by: Embedding; readonly vectors: Float32Array };

const embedTexts = async ({ embedder }: EmbedDeps, entry: ReadEntry, chunks: Chunks): Promise<Embedded> => {
  checkIdentity(entry.key, entry.embedding, embedder);
  const texts = chunks.map(({ text }) => text);
  return { by: embedder, vectors: await embedder.embed(texts, "passage") };
};

const embedPictures = async (deps: EmbedDeps, entry: ReadEntry, chunks: Chunks): Promise<Embedded> => {
  const embedder = await deps.imageEmbedder();
  checkIdentity(entry.key, entry.imageEmbedding ?? null, embedder);
  const pictures = chunks.map(({ picture = "" }) => Buffer.from(picture, "base64"));
  return { by: embedder, vectors: await embedder.embedPictures(pictures) };
};

/** Adds vectors to a batch and hands it on. A stale batch is acknowledged without work. */
export const embedStep =
  (deps: EmbedDeps) =>
  async (message: EmbedMessage, delivery: Delivery): Promise<void> => {
    const { key, run } = message.document;
    const entry = await deps.ledger.read(key);
    if (entry === null || entry.run !== run || entry.state === "ready") return;
    await guarded(deps, "embed", entry, delivery, async () => {
      const embed = message.target === "images" ? embedPictures : embedTexts;
      const { by, vectors } = await embed(deps, entry, message.chunks);
      const { identity, model, dimension } = by;
      // A picture has done its work.
      const chunks = message.chunks.map(({ picture: _, ...chunk }) => chunk);
      const embedding = { identity, model, dimension };
      await deps.queue.send([{ ...message, chunks, embedding, vectors: encodeVectors(vectors) }]);
    });
  };
