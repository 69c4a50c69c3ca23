import { readFile } from "node:fs/promises";
import { Tokenizer as HubTokenizer } from "@huggingface/tokenizers";
import { AppError } from "../errors.ts";
import type { EmbedKind, Tokenizer } from "./embedder.ts";
import { type ModelLocation, type VerifiedModel, verifyModel } from "./model-files.ts";

/** A tokenizer that also makes the model's input. */
export type TextTokenizer = Tokenizer & {
  /**
   * Token ids of prefix and text with the special tokens, at most the model's window: a longer text loses its end,
   * never the closing special token.
   */
  encode(text: string, kind: EmbedKind): Int32Array;
};

/** No vocabulary has longer pieces, so what lies beyond can only be cut away; it is not worth tokenizing. */
const longestPiece = 64;

export const tokenizerFiles = (entry: VerifiedModel["entry"]): readonly string[] =>
  entry.files
    .map((file) => file.path)
    .filter((path) => path === entry.tokenizer || path.endsWith("tokenizer_config.json"));

const readJson = async (path: string): Promise<object> => JSON.parse(await readFile(path, "utf8"));

/** @throws AppError `MODEL_MISSING` when the tokenizer's files are not tokenizer files. */
export const tokenizerOf = async (model: VerifiedModel): Promise<TextTokenizer> => {
  const { entry } = model;
  const configFile = tokenizerFiles(entry).find((path) => path !== entry.tokenizer);
  let hub: HubTokenizer;
  try {
    hub = new HubTokenizer(
      await readJson(model.path(entry.tokenizer)),
      configFile === undefined ? {} : await readJson(model.path(configFile)),
    );
  } catch (error) {
    throw new AppError("MODEL_MISSING", `model ${entry.name}: its tokenizer cannot be loaded: ${error}`, {
      cause: error,
    });
  }
  return {
    count: (text) => hub.encode(text, { add_special_tokens: false }).ids.length,
    encode: (text, kind) => {
      const near = text.slice(0, entry.maxTokens * longestPiece);
      const { ids } = hub.encode(entry.prefixes[kind] + near);
      const closing = ids.at(-1);
      if (ids.length <= entry.maxTokens || closing === undefined) return Int32Array.from(ids);
      const cut = Int32Array.from(ids.slice(0, entry.maxTokens));
      cut[entry.maxTokens - 1] = closing;
      return cut;
    },
  };
};

/**
 * The embedding model's tokenizer without the model: what chunking counts with. Loading takes about half a second and
 * 100 MB for the bundled vocabulary; keep it for the life of the process.
 * @throws AppError `MODEL_MISSING`, `MODEL_HASH_MISMATCH`
 */
export const loadTokenizer = async (location: ModelLocation): Promise<TextTokenizer> => {
  const named = await verifyModel(location, []);
  return tokenizerOf(await verifyModel(location, tokenizerFiles(named.entry)));
};
