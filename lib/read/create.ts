import type { Environment } from "../config/environment.ts";
import { type ChunkReader, type ChunkReaderOptions, chunkReader } from "./isolated.ts";
import { readerPool } from "./reader-pool.ts";
import type { OpenEmbedder } from "./thread-vectors.ts";

/**
 * For composition roots: the reader of the parameters, in threads of its own.
 * @param embedder of strategies that cut by meaning, shared by all threads; whoever gives it closes it
 */
export const createChunkReader = (
  { config, modelsDir, vcpus }: Pick<Environment, "config" | "modelsDir" | "vcpus">,
  embedder: OpenEmbedder,
): ChunkReader => {
  const { ocrLanguages, ocrThreads, gps } = config.embedding.images;
  const { action, similarity } = config.quality.duplicates;
  const options: ChunkReaderOptions = {
    modelsDir,
    model: config.embedding.model,
    cut: config.chunking,
    maxBytes: config.limits.chunkBytes,
    maxChunks: config.limits.chunks,
    copies: action === "drop" ? similarity : null,
    images: { ocrLanguages, ocrThreads: ocrThreads || vcpus, gps },
    embedder,
  };
  return readerPool(() => chunkReader(options), Math.max(2, config.limits.readers || vcpus));
};
