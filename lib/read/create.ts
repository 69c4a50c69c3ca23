import { type ChunkerName, chunkers } from "../chunk/registry.ts";
import type { Environment } from "../config/environment.ts";
import { AppError } from "../errors.ts";
import { type ChunkReader, type ChunkReaderOptions, chunkReader } from "./isolated.ts";
import { readerPool } from "./reader-pool.ts";

const isChunkerName = (name: string): name is ChunkerName => Object.hasOwn(chunkers, name);

/**
 * For composition roots: the reader of the parameters, in threads of its own.
 * @throws AppError `NOT_AVAILABLE` for a chunking strategy that is not part of this version.
 */
export const createChunkReader = ({
  config,
  modelsDir,
  vcpus,
}: Pick<Environment, "config" | "modelsDir" | "vcpus">): ChunkReader => {
  const { ocrLanguages, ocrThreads, gps } = config.embedding.images;
  const { strategy, size, overlap } = config.chunking;
  const { action, similarity } = config.quality.duplicates;
  if (!isChunkerName(strategy))
    throw new AppError(
      "NOT_AVAILABLE",
      `chunking.strategy: ${strategy} is not part of this version; available: ${Object.keys(chunkers).join(", ")}`,
    );
  const options: ChunkReaderOptions = {
    modelsDir,
    model: config.embedding.model,
    strategy,
    size,
    overlap,
    maxBytes: config.limits.chunkBytes,
    maxChunks: config.limits.chunks,
    copies: action === "drop" ? similarity : null,
    images: { ocrLanguages, ocrThreads: ocrThreads || vcpus, gps },
  };
  return readerPool(() => chunkReader(options), Math.max(2, config.limits.readers || vcpus));
};
