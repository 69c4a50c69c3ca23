import { lazy } from "../lazy.ts";
import { mapConcurrent } from "../map-concurrent.ts";
import { findModel } from "./manifest.ts";
import {
  type ImageIdentity,
  imageIdentity,
  imageTower,
  type ModelLocation,
  verifyModel,
} from "./model-files.ts";
import { failed, onnxEmbedder, startVisionPool } from "./onnx.ts";
import { pixelsOf } from "./pixels.ts";
import type { EmbedPool } from "./pool.ts";

/**
 * Port: pictures and texts to unit vectors of one space, so that a text is near the pictures that show it.
 *
 * - Both give `[n, dimension]` row-major; the same input always gives the same vector; empty input gives an empty array.
 * - A failure of the model throws `EMBEDDING_FAILED` (retryable).
 */
export type ImageEmbedder = ImageIdentity & {
  /** JPEG files of `side` × `side` pixels, as `Picture.square` makes them. */
  embedPictures(pictures: readonly Uint8Array[]): Promise<Float32Array>;
  /** A text longer than the model's window is cut at the window. */
  embedTexts(texts: readonly string[]): Promise<Float32Array>;
  close(): Promise<void>;
};

/**
 * A pair of ONNX models that was trained together (CLIP, Radford et al. 2021, arXiv:2103.00020), in worker threads.
 * Each of the two is verified and loaded at its first use: who only embeds pictures never loads the one for texts.
 * @throws AppError `MODEL_MISSING`, `MODEL_HASH_MISMATCH`, here or at the first use
 */
export const onnxImageEmbedder = async (
  options: ModelLocation & { readonly threads: number },
): Promise<ImageEmbedder> => {
  const { modelsDir, model, threads } = options;
  const identity = await imageIdentity({ modelsDir, model });
  const tower = imageTower(findModel(modelsDir, model));
  const opened: Pick<EmbedPool, "close">[] = [];
  const kept = <T extends Pick<EmbedPool, "close">>(open: () => Promise<T>) =>
    lazy(async () => {
      const made = await open();
      opened.push(made);
      return made;
    });
  const vision = kept(async () =>
    startVisionPool(await verifyModel({ modelsDir, model }, [tower.graph]), tower, threads),
  );
  const text = kept(() => onnxEmbedder({ modelsDir, model, threads }));
  const { mean, std } = tower;
  const { dimension, side } = identity;

  return {
    ...identity,
    embedPictures: async (pictures) => {
      const vectors = new Float32Array(pictures.length * dimension);
      const pool = await vision();
      try {
        await mapConcurrent([...pictures.entries()], 2 * pool.threads, async ([index, jpeg]) => {
          const pixels = await pixelsOf(jpeg, { side, mean, std });
          vectors.set(await pool.embedPixels(pixels), index * dimension);
        });
      } catch (error) {
        throw failed(identity.model, error);
      }
      return vectors;
    },
    embedTexts: async (texts) => (await text()).embed(texts, "query"),
    close: async () => {
      await Promise.all(opened.map((each) => each.close()));
    },
  };
};
