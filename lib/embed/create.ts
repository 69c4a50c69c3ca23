import type { Config } from "../config/schema.ts";
import { AppError } from "../errors.ts";
import { onnxPairScorer, type PairScorer } from "./cross-encoder.ts";
import { type ImageEmbedder, onnxImageEmbedder } from "./image-embedder.ts";
import { usesImages } from "./image-model.ts";
import { type EmbeddingIdentity, embeddingIdentity } from "./model-files.ts";
import { type OnnxEmbedder, onnxEmbedder } from "./onnx.ts";
import type { TextTokenizer } from "./tokenizer.ts";
import { loadTokenizer } from "./tokenizer.ts";

/** The part of the environment that embedding needs. */
export type EmbeddingEnvironment = {
  readonly config: Pick<Config, "embedding">;
  readonly modelsDir: string;
  /** What `embedding.threads: 0` stands for. */
  readonly vcpus: number;
  /** In Lambda the weights are loaded while the function starts. */
  readonly deployed?: boolean;
};

/** For composition roots: the embedder of the parameters. `close()` it at the end of the process. */
export const createEmbedder = (environment: EmbeddingEnvironment): Promise<OnnxEmbedder> => {
  const { model, threads, batchSize } = environment.config.embedding;
  return onnxEmbedder({
    modelsDir: environment.modelsDir,
    model,
    threads: threads === 0 ? environment.vcpus : threads,
    batchSize,
    eager: environment.deployed ?? false,
  });
};

/** What the `cross-encoder` reranker runs: multilingual, 280 MB, MIT; pulled by who wants it. */
const crossEncoderModel = "bge-reranker-base";

/** For composition roots: the cross-encoder. @throws AppError `MODEL_MISSING`, which says how to get it. */
export const createPairScorer = ({ config, modelsDir, vcpus }: EmbeddingEnvironment): Promise<PairScorer> =>
  onnxPairScorer({ modelsDir, model: crossEncoderModel, threads: config.embedding.threads || vcpus });

type WithoutThreads = Pick<EmbeddingEnvironment, "config" | "modelsDir">;

/** For composition roots that only count tokens (parse). */
export const createTokenizer = ({ config, modelsDir }: WithoutThreads): Promise<TextTokenizer> =>
  loadTokenizer({ modelsDir, model: config.embedding.model });

/** For composition roots that only name collections; reads no weights. */
export const readIdentity = ({ config, modelsDir }: WithoutThreads): Promise<EmbeddingIdentity> =>
  embeddingIdentity({ modelsDir, model: config.embedding.model });

/**
 * For composition roots: the image model. `close()` it at the end of the process.
 * @throws AppError `NOT_AVAILABLE` where it is switched off or was not pulled, and says what to do; `MODEL_MISSING` where
 *   it is asked for and not whole
 */
export const createImageEmbedder = (environment: EmbeddingEnvironment): Promise<ImageEmbedder> => {
  const { config, modelsDir, vcpus } = environment;
  const { enabled, model } = config.embedding.images;
  if (enabled === false)
    throw new AppError(
      "NOT_AVAILABLE",
      "pictures have no vectors here: embedding.images.enabled is false in kettle.yml",
    );
  if (!usesImages(environment))
    throw new AppError(
      "NOT_AVAILABLE",
      `searching pictures needs the model ${model}: run \`npm run models -- pull ${model}\`, start again, and \`kettle reindex\` for the pictures that are there`,
    );
  return onnxImageEmbedder({ modelsDir, model, threads: config.embedding.threads || vcpus });
};
