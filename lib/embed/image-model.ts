import type { Config } from "../config/schema.ts";
import { type ImageIdentity, imageIdentity, modelIsHere } from "./model-files.ts";

/** Apart from create.ts: functions that never embed must know of the image model, and have no runtime beside them. */
type ImageEnvironment = { readonly config: Pick<Config, "embedding">; readonly modelsDir: string };

/** Whether pictures get vectors: asked for, or `auto` and the model was pulled. */
export const usesImages = ({ config, modelsDir }: ImageEnvironment): boolean => {
  const { enabled, model } = config.embedding.images;
  return enabled === "auto" ? modelIsHere({ modelsDir, model }) : enabled;
};

/**
 * For composition roots: what names the collection of pictures; null where pictures get no vectors. Reads no weights.
 * @throws AppError `MODEL_MISSING` where an image model is asked for and not here
 */
export const readImageIdentity = async (environment: ImageEnvironment): Promise<ImageIdentity | null> => {
  if (!usesImages(environment)) return null;
  const { config, modelsDir } = environment;
  return imageIdentity({ modelsDir, model: config.embedding.images.model });
};
