import type { Config } from "../config/schema.ts";
import type { Embedder } from "../embed/embedder.ts";
import type { ImageEmbedder } from "../embed/image-embedder.ts";
import { AppError } from "../errors.ts";
import { aliasNames } from "./collections.ts";
import type { SearchQuery } from "./search.ts";

/** What searching pictures needs. */
export type ImageSearch = {
  /** Opened by the first search of pictures. @throws AppError `NOT_AVAILABLE`, which says how to have one */
  readonly embedder: () => Promise<
    Pick<ImageEmbedder, "embedTexts" | "embedPictures" | "identity" | "model" | "side">
  >;
  /** A picture as somebody sent it → as the model takes it. @throws AppError `BAD_REQUEST`, `PAYLOAD_TOO_LARGE` */
  readonly square: (bytes: Uint8Array, side: number) => Promise<Uint8Array>;
};

/** For who has texts alone. */
export const noImages: ImageSearch = {
  embedder: () => Promise.reject(new AppError("NOT_AVAILABLE", "there are no pictures to search")),
  square: () => Promise.reject(new AppError("NOT_AVAILABLE", "there are no pictures to search")),
};

/** Where a search looks, and by what: texts and pictures have vectors of different models. */
export type SearchSpace = {
  readonly aliases: readonly string[];
  readonly identity: string;
  readonly model: string;
  /** The parameter that names the model. */
  readonly setting: string;
  /** The question's words; empty for a picture. */
  readonly text: string;
  /** The question's vector, `[d]`. */
  readonly embed: () => Promise<Float32Array>;
};

type SpaceDeps = {
  readonly config: Pick<Config, "store">;
  readonly embedder: Pick<Embedder, "embed" | "identity" | "model">;
  readonly images: ImageSearch;
};

const textSpace = ({ config, embedder }: SpaceDeps, text: string, withLow: boolean): SearchSpace => {
  const { main, low } = aliasNames(config.store.collection);
  return {
    aliases: withLow ? [main, low] : [main],
    identity: embedder.identity,
    model: embedder.model,
    setting: "embedding.model",
    text,
    embed: () => embedder.embed([text], "query"),
  };
};

const imageSpace = async (
  { config, images }: SpaceDeps,
  { query: text = "", image }: SearchQuery,
): Promise<SearchSpace> => {
  const embedder = await images.embedder();
  const { identity, model, side } = embedder;
  return {
    aliases: [aliasNames(config.store.collection).images],
    identity,
    model,
    setting: "embedding.images.model",
    text,
    embed: async () =>
      image === undefined
        ? embedder.embedTexts([text])
        : embedder.embedPictures([await images.square(Buffer.from(image, "base64"), side)]),
  };
};

/** @throws AppError what opening the image model throws, when pictures are looked for */
export const searchSpace = async (deps: SpaceDeps, query: SearchQuery): Promise<SearchSpace> =>
  query.image !== undefined || query.target === "images"
    ? imageSpace(deps, query)
    : textSpace(deps, query.query ?? "", query.includeLowQuality ?? false);
