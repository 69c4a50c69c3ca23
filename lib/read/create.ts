import type { Environment } from "../config/environment.ts";
import { type ChunkReader, type ChunkReaderOptions, chunkReader } from "./isolated.ts";
import { ocrPool } from "./ocr/ocr-pool.ts";
import { readerPool } from "./reader-pool.ts";
import type { OpenEmbedder } from "./thread-vectors.ts";

/**
 * For composition roots: the reader of the parameters, in threads of its own.
 * @param embedder of strategies that cut by meaning, shared by all threads; whoever gives it closes it
 * @param imageModel whose pictures are taken out of documents; null: none are
 */
export const createChunkReader = (
  { config, modelsDir, vcpus }: Pick<Environment, "config" | "modelsDir" | "vcpus">,
  embedder: OpenEmbedder,
  imageModel: { readonly side: number } | null = null,
): ChunkReader => {
  const { ocrLanguages, ocrThreads, gps, most } = config.embedding.images;
  const { action, similarity } = config.quality.duplicates;
  const ocr = ocrLanguages.length === 0 ? null : ocrPool(ocrLanguages, ocrThreads || vcpus);
  const options: ChunkReaderOptions = {
    modelsDir,
    model: config.embedding.model,
    cut: config.chunking,
    maxBytes: config.limits.chunkBytes,
    maxChunks: config.limits.chunks,
    copies: action === "drop" ? similarity : null,
    images: { gps, search: imageModel && { side: imageModel.side, most } },
    embedder,
    ocr,
  };
  const readers = readerPool(() => chunkReader(options), Math.max(2, config.limits.readers || vcpus));
  return {
    ...readers,
    close: async () => {
      await readers.close();
      await ocr?.close();
    },
  };
};
