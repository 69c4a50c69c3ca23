import { AppError } from "../errors.ts";
import type { Embedder, EmbedKind } from "./embedder.ts";
import { findModel, type ImageTower } from "./manifest.ts";
import {
  type ModelLocation,
  modelFilePath,
  type VerifiedModel,
  verifiedIdentity,
  verifyModel,
} from "./model-files.ts";
import { type EmbedPool, embedPool } from "./pool.ts";
import { type TextTokenizer, tokenizerOf } from "./tokenizer.ts";

export type OnnxOptions = ModelLocation & {
  /** Worker threads, each with the model in memory (about 115 MB for the bundled one); one a vCPU is best. */
  readonly threads: number;
  /** Most texts handed to the pool at once by one call. */
  readonly batchSize?: number;
  /** Load the weights at once, in a worker, while the rest of the embedder is made. */
  readonly eager?: boolean;
};

export type OnnxEmbedder = Embedder & {
  readonly tokenizer: TextTokenizer;
  /** Starts a worker and loads the model, so that the first text does not wait for it. */
  warm(): Promise<void>;
};

export const failed = (model: string, error: unknown): AppError =>
  error instanceof AppError
    ? error
    : new AppError("EMBEDDING_FAILED", `model ${model}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });

const runnable = ({ modelsDir, model }: ModelLocation): Pick<VerifiedModel, "entry" | "path"> => {
  const entry = findModel(modelsDir, model);
  if (entry.kind === "cross-encoder")
    throw new AppError("MODEL_MISSING", `${entry.name} is a cross-encoder: it gives no vectors`);
  return { entry, path: (file) => modelFilePath(modelsDir, entry, file) };
};

export const startPool = (
  { entry, path }: Pick<VerifiedModel, "entry" | "path">,
  threads: number,
): EmbedPool =>
  embedPool(
    {
      graph: path(entry.graph),
      inputs: entry.inputs,
      output: entry.output,
      pooling: entry.pooling,
      normalise: entry.normalise,
      dimension: entry.dimension,
    },
    Math.max(1, threads),
  );

/** Of the tower that takes pictures. */
export const startVisionPool = (
  { entry, path }: Pick<VerifiedModel, "entry" | "path">,
  { graph, input, output }: ImageTower,
  threads: number,
): EmbedPool => {
  const { normalise, dimension } = entry;
  const setup = {
    graph: path(graph),
    inputs: [input],
    output,
    pooling: "none",
    normalise,
    dimension,
  } as const;
  return embedPool(setup, Math.max(1, threads));
};

const verified = async (location: ModelLocation) => {
  const model = await verifyModel(location);
  return { model, tokenizer: await tokenizerOf(model) };
};

/**
 * Texts to unit vectors by an ONNX model in a kept pool of worker threads, one text a run: dynamically quantised
 * models give a text another vector in another batch, and a padded batch is no faster. Tokens are made here, so that
 * the vocabulary is in memory once; the weights are loaded by the first `embed` or `warm`.
 * @throws AppError `MODEL_MISSING`, `MODEL_HASH_MISMATCH`; `embed` throws `EMBEDDING_FAILED`
 */
export const onnxEmbedder = async (options: OnnxOptions): Promise<OnnxEmbedder> => {
  const files = runnable(options);
  const { name, dimension } = files.entry;
  const pool = startPool(files, options.threads);
  // What is wrong is told by the verification, or by the first text: nothing is embedded before both have passed.
  if (options.eager) pool.warm().catch(() => undefined);
  const { model, tokenizer } = await verified(options).catch(async (error: unknown) => {
    await pool.close();
    throw error;
  });
  // Enough that no worker waits for the next text, and few enough that a question is not behind a long queue.
  const lanes = Math.min(options.batchSize ?? Number.POSITIVE_INFINITY, 2 * pool.threads);
  let closed = false;

  const embed = async (texts: readonly string[], kind: EmbedKind): Promise<Float32Array> => {
    const vectors = new Float32Array(texts.length * dimension);
    const work = texts.entries();
    const lane = async (): Promise<void> => {
      for (const [index, text] of work) {
        if (closed) throw new AppError("EMBEDDING_FAILED", `model ${name}: the embedder is closed`);
        vectors.set(await pool.embed(tokenizer.encode(text, kind)), index * dimension);
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(lanes, texts.length) }, lane));
    } catch (error) {
      throw failed(name, error);
    }
    return vectors;
  };

  return {
    model: name,
    dimension,
    identity: verifiedIdentity(model),
    tokenizer,
    embed,
    warm: () =>
      pool.warm().catch((error: unknown) => {
        throw failed(name, error);
      }),
    close: async () => {
      closed = true;
      await pool.close();
    },
  };
};
