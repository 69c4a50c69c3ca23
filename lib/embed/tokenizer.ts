import { readFile } from "node:fs/promises";
import { Tokenizer as HubTokenizer } from "@huggingface/tokenizers";
import { AppError } from "../errors.ts";
import type { EmbedKind, Tokenizer } from "./embedder.ts";
import { type ModelLocation, type VerifiedModel, verifyModel } from "./model-files.ts";
import { buildPieceTable, type Vocabulary } from "./piece-table.ts";
import { type PackedTokenizer, readPieceTable } from "./piece-table-file.ts";
import { unigramTokenizer } from "./unigram.ts";

/** A tokenizer that also makes the model's input. */
export type TextTokenizer = Tokenizer & {
  /**
   * Token ids of prefix and text with the special tokens, at most the model's window: a longer text loses its end,
   * never the closing special token.
   */
  encode(text: string, kind: EmbedKind): Int32Array;
  /** The same of a question and a text together, as cross-encoders read them; the text loses its end. */
  encodePair(question: string, text: string): Int32Array;
};

/** No vocabulary has longer pieces, so what lies beyond can only be cut away; it is not worth tokenizing. */
const longestPiece = 64;

/** The library takes quadratic time on long runs without a blank, and overflows the stack beyond some 120,000 tokens. */
const longestRun = 8_192;
const longestInput = 65_536;

/** Ends at a blank where there is one, so that no token is cut; never inside a surrogate pair. */
const endOfStretch = (text: string, start: number): number => {
  const limit = start + longestRun;
  if (limit >= text.length) return text.length;
  for (let end = limit; end > start + longestRun / 2; end--)
    if (text[end] === " " || text[end] === "\n") return end;
  const last = text.charCodeAt(limit - 1);
  return last >= 0xd800 && last < 0xdc00 ? limit - 1 : limit;
};

const countInStretches = (text: string, count: (stretch: string) => number): number => {
  let tokens = 0;
  for (let start = 0; start < text.length; ) {
    const end = endOfStretch(text, start);
    tokens += count(text.slice(start, end));
    start = end;
  }
  return tokens;
};

export const tokenizerFiles = (entry: VerifiedModel["entry"]): readonly string[] =>
  entry.files
    .map((file) => file.path)
    .filter((path) => path === entry.tokenizer || path.endsWith("tokenizer_config.json"));

const readJson = async (path: string): Promise<object> => JSON.parse(await readFile(path, "utf8"));

type UnigramFile = {
  readonly model: { readonly type: "Unigram"; readonly vocab: Vocabulary; readonly unk_id: number };
};

const isUnigram = (file: object): file is UnigramFile =>
  "model" in file && (file.model as { readonly type?: unknown }).type === "Unigram";

const packUnigram = ({ model, ...tokenizer }: UnigramFile): PackedTokenizer => ({
  table: buildPieceTable(model.vocab),
  settings: { tokenizer, unknown: model.unk_id },
});

/** Beside tokenizer.json; the packaging writes it, the sources do without. */
export const pieceTableFile = "tokenizer.table";

/** What the packaging keeps of a tokenizer; null when its model is not a unigram one. */
export const packTokenizer = async (path: string): Promise<PackedTokenizer | null> => {
  const file = await readJson(path);
  return isUnigram(file) ? packUnigram(file) : null;
};

const hubTokenizer = async ({ entry, path, hashes }: VerifiedModel): Promise<HubTokenizer> => {
  const configFile = tokenizerFiles(entry).find((name) => name !== entry.tokenizer);
  const config = configFile === undefined ? {} : await readJson(path(configFile));
  const packed = await readPieceTable(path(pieceTableFile), hashes.get(entry.tokenizer) ?? "");
  if (packed !== null) return unigramTokenizer(packed.settings, packed.table, config);
  const file = await readJson(path(entry.tokenizer));
  if (!isUnigram(file)) return new HubTokenizer(file, config);
  const { settings, table } = packUnigram(file);
  return unigramTokenizer(settings, table, config);
};

const withinWindow = (ids: readonly number[], maxTokens: number): Int32Array => {
  const closing = ids.at(-1);
  if (ids.length <= maxTokens || closing === undefined) return Int32Array.from(ids);
  const cut = Int32Array.from(ids.slice(0, maxTokens));
  cut[maxTokens - 1] = closing;
  return cut;
};

/** @throws AppError `MODEL_MISSING` when the tokenizer's files are not tokenizer files. */
export const tokenizerOf = async (model: VerifiedModel): Promise<TextTokenizer> => {
  const { entry } = model;
  let hub: HubTokenizer;
  try {
    hub = await hubTokenizer(model);
  } catch (error) {
    throw new AppError("MODEL_MISSING", `model ${entry.name}: its tokenizer cannot be loaded: ${error}`, {
      cause: error,
    });
  }
  const countStretch = (text: string): number => hub.encode(text, { add_special_tokens: false }).ids.length;
  const near = (text: string): string =>
    text.slice(0, Math.min(entry.maxTokens * longestPiece, longestInput));
  return {
    count: (text) => countInStretches(text, countStretch),
    encode: (text, kind) => withinWindow(hub.encode(entry.prefixes[kind] + near(text)).ids, entry.maxTokens),
    encodePair: (question, text) =>
      withinWindow(hub.encode(near(question), { text_pair: near(text) }).ids, entry.maxTokens),
  };
};

/**
 * The embedding model's tokenizer without the model: what chunking counts with. Loading takes about a quarter of a
 * second for the bundled vocabulary, nothing where it was packaged; keep it for the life of the process.
 * @throws AppError `MODEL_MISSING`, `MODEL_HASH_MISMATCH`
 */
export const loadTokenizer = async (location: ModelLocation): Promise<TextTokenizer> => {
  const named = await verifyModel(location, []);
  return tokenizerOf(await verifyModel(location, tokenizerFiles(named.entry)));
};
