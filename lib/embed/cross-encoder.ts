import { AppError } from "../errors.ts";
import { type ModelLocation, verifyModel } from "./model-files.ts";
import { failed, startPool } from "./onnx.ts";
import { tokenizerOf } from "./tokenizer.ts";

/** Judges how well each text answers a question, reading both together. */
export type PairScorer = {
  /** One number a text, higher is more relevant, in the order of `texts`. @throws AppError `EMBEDDING_FAILED` */
  score(question: string, texts: readonly string[]): Promise<Float32Array>;
  close(): Promise<void>;
};

/**
 * A cross-encoder by an ONNX model in worker threads, one pair a run. Models that tell question and text apart by segment
 * ids are refused: the workers feed zeros there, and the scores would be wrong without a sign of it.
 * @throws AppError `MODEL_MISSING`, `MODEL_HASH_MISMATCH`
 */
export const onnxPairScorer = async (
  options: ModelLocation & { readonly threads: number },
): Promise<PairScorer> => {
  const model = await verifyModel(options);
  const { name, kind, dimension, inputs } = model.entry;
  if (kind !== "cross-encoder" || dimension !== 1 || inputs.includes("token_type_ids"))
    throw new AppError("MODEL_MISSING", `${name} is not a cross-encoder of one output without segment ids`);
  const tokenizer = await tokenizerOf(model);
  const pool = startPool(model, options.threads);
  return {
    score: async (question, texts) => {
      const scores = new Float32Array(texts.length);
      const work = texts.entries();
      const lane = async (): Promise<void> => {
        for (const [index, text] of work)
          scores.set(await pool.embed(tokenizer.encodePair(question, text)), index);
      };
      try {
        await Promise.all(Array.from({ length: Math.min(2 * pool.threads, texts.length) }, lane));
      } catch (error) {
        throw failed(name, error);
      }
      return scores;
    },
    close: () => pool.close(),
  };
};
