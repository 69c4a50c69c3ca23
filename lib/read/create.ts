import { type ChunkerName, chunkers } from "../chunk/registry.ts";
import type { Environment } from "../config/environment.ts";
import { AppError } from "../errors.ts";
import { type ChunkReader, type ChunkReaderOptions, chunkReader } from "./isolated.ts";
import { readerPool } from "./reader-pool.ts";

const isChunkerName = (name: string): name is ChunkerName => Object.hasOwn(chunkers, name);

/** @throws AppError `NOT_AVAILABLE` for a chunking strategy that is not part of this version. */
const available = (name: string): ChunkerName => {
  if (isChunkerName(name)) return name;
  throw new AppError(
    "NOT_AVAILABLE",
    `chunking.strategy: ${name} is not part of this version; available: ${Object.keys(chunkers).join(", ")}`,
  );
};

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
  const { strategy, size, overlap, rules } = config.chunking;
  const { action, similarity } = config.quality.duplicates;
  const options: ChunkReaderOptions = {
    modelsDir,
    model: config.embedding.model,
    cut: {
      strategy: available(strategy),
      size,
      overlap,
      rules: rules.map((rule) => ({
        ...rule,
        strategy: rule.strategy === undefined ? undefined : available(rule.strategy),
      })),
    },
    maxBytes: config.limits.chunkBytes,
    maxChunks: config.limits.chunks,
    copies: action === "drop" ? similarity : null,
    images: { ocrLanguages, ocrThreads: ocrThreads || vcpus, gps },
  };
  return readerPool(() => chunkReader(options), Math.max(2, config.limits.readers || vcpus));
};
