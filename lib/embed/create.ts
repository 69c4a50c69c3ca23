import type { Config } from "../config/schema.ts";
import { onnxPairScorer, type PairScorer } from "./cross-encoder.ts";
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
