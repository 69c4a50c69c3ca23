import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Field, float, int64, message, onnxFile, valueInfo } from "../../lib/linalg/onnx-file.ts";
import type { ModelInput } from "./tiny-model.ts";

/**
 * A pair of ONNX graphs of CLIP's shape with a tokenizer of CLIP's kind, made in memory: few kilobytes, and yet a text
 * that names a colour is near the pictures of that colour, which is all that tests need.
 *
 * Space: red, green, blue of the left half, red, green, blue of the right half. A colour's word is that colour in both.
 */

const side = 224;
const dimension = 6;
const mean = [0.48145466, 0.4578275, 0.40821073] as const;
const std = [0.26862954, 0.26130258, 0.27577711] as const;

const floats = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const tensor = (name: string, dims: readonly number[], values: readonly number[]): Uint8Array =>
  message(...dims.map((dim): Field => [1, dim]), [2, float], [8, name], [9, floats(values)]);
const ints = (name: string, values: readonly number[]): Uint8Array =>
  message([1, name], [20, 7], ...values.map((value): Field => [8, value]));
const node = (
  type: string,
  inputs: readonly string[],
  output: string,
  ...attributes: Uint8Array[]
): Field => [
  1,
  message(
    ...inputs.map((input): Field => [1, input]),
    [2, output],
    [4, type],
    ...attributes.map((attribute): Field => [5, attribute]),
  ),
];
const initializer = (name: string, dims: readonly number[], values: readonly number[]): Field => [
  5,
  tensor(name, dims, values),
];

/** `pixel_values` `[batch, 3, side, side]` → `image_embeds` `[batch, 6]`: the mean colours of the two halves. */
const vision = (): Uint8Array =>
  onnxFile(
    message(
      node(
        "AveragePool",
        ["pixel_values"],
        "halves",
        ints("kernel_shape", [side, side / 2]),
        ints("strides", [1, side / 2]),
      ),
      node("Flatten", ["halves"], "image_embeds"),
      [2, "vision"],
      [11, valueInfo("pixel_values", float, ["batch", 3, side, side])],
      [12, valueInfo("image_embeds", float, ["batch", dimension])],
    ),
    13,
  );

/** As the vision graph sees a picture of one colour: each value normalised, red before green before blue, halves inner. */
const colour = (red: number, green: number, blue: number): readonly number[] =>
  [red, green, blue].flatMap((value, i) => {
    const seen = (value - (mean[i] ?? 0)) / (std[i] ?? 1);
    return [seen, seen];
  });

/** In the order of their merges: those of "red" first would tear "green" apart. */
const words: Readonly<Record<string, readonly number[]>> = {
  green: colour(0, 1, 0),
  red: colour(1, 0, 0),
  blue: colour(0, 0, 1),
  红色: colour(1, 0, 0),
};
const nothing = Array.from({ length: dimension }, () => 0);

/** GPT-2's bytes as characters: what is printable stands for itself, the others come after 255. */
const byteCharacters = (): readonly string[] => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(printable ? byte : next++);
  });
};

/** The pairs that put a word together from its bytes, left to right; the last byte carries the end of the word. */
const mergesOf = (word: string, bytes: readonly string[]): readonly (readonly [string, string])[] => {
  const parts = [...Buffer.from(word)].map((byte) => bytes[byte] ?? "");
  parts[parts.length - 1] += "</w>";
  const [first = "", ...rest] = parts;
  let done = first;
  return rest.map((part) => {
    const pair = [done, part] as const;
    done += part;
    return pair;
  });
};

const start = "<|startoftext|>";
const end = "<|endoftext|>";

/** A tokenizer.json as CLIP's: bytes, their ends of words, merges, then the two special tokens, which end the list. */
export const clipTokenizer = (): {
  readonly json: object;
  readonly vocab: Readonly<Record<string, number>>;
} => {
  const bytes = byteCharacters();
  const merges = Object.keys(words).flatMap((word) => mergesOf(word, bytes));
  const pieces = [...bytes, ...bytes.map((byte) => `${byte}</w>`), ...merges.map((pair) => pair.join(""))];
  const vocab = Object.fromEntries([...new Set(pieces), start, end].map((piece, id) => [piece, id]));
  const special = (content: string) => ({
    id: vocab[content],
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: content === start,
    special: true,
  });
  return {
    vocab,
    json: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: [special(start), special(end)],
      normalizer: {
        type: "Sequence",
        normalizers: [
          { type: "NFC" },
          { type: "Replace", pattern: { Regex: "\\s+" }, content: " " },
          { type: "Lowercase" },
        ],
      },
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [
          {
            type: "Split",
            pattern: { Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+" },
            behavior: "Removed",
            invert: true,
          },
          { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
        ],
      },
      post_processor: {
        type: "RobertaProcessing",
        sep: [end, vocab[end]],
        cls: [start, vocab[start]],
        trim_offsets: false,
        add_prefix_space: false,
      },
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: "BPE",
        dropout: null,
        unk_token: end,
        continuing_subword_prefix: "",
        end_of_word_suffix: "</w>",
        fuse_unk: false,
        vocab,
        merges: merges.map((pair) => pair.join(" ")),
      },
    },
  };
};

/** `input_ids` `[batch, n]` → `text_embeds` `[batch, 6]`: the mean of what its words mean, others mean nothing. */
const text = (vocab: Readonly<Record<string, number>>): Uint8Array => {
  const bytes = byteCharacters();
  const meanings = new Map(
    Object.entries(words).map(([word, meaning]) => [
      `${[...Buffer.from(word)].map((byte) => bytes[byte]).join("")}</w>`,
      meaning,
    ]),
  );
  // Something that every text has in common, so that one without a known word has a direction, too.
  const common = nothing.map((_, i) => (i === 0 ? 0.01 : 0));
  const table = Object.keys(vocab).map(
    (piece) => meanings.get(piece) ?? (piece === start ? common : nothing),
  );
  return onnxFile(
    message(
      node("Gather", ["table", "input_ids"], "rows"),
      node(
        "ReduceMean",
        ["rows"],
        "text_embeds",
        ints("axes", [1]),
        message([1, "keepdims"], [20, 2], [3, 0]),
      ),
      [2, "text"],
      initializer("table", [table.length, dimension], table.flat()),
      [11, valueInfo("input_ids", int64, ["batch", "n"])],
      [12, valueInfo("text_embeds", float, ["batch", dimension])],
    ),
    13,
  );
};

const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** The files of the pair by their names in the manifest. */
export const clipFiles = (): Readonly<Record<string, Uint8Array | string>> => {
  const { json, vocab } = clipTokenizer();
  return {
    "text.onnx": text(vocab),
    "vision.onnx": vision(),
    "tokenizer.json": JSON.stringify(json),
    "tokenizer_config.json": JSON.stringify({ model_max_length: 77 }),
  };
};

/** The manifest's own entry, of this pair's dimension; `locked`: with the files' hashes. */
export const clipEntry = (locked: boolean): ModelInput => {
  const { models } = JSON.parse(readFileSync("models/manifest.json", "utf8")) as { models: ModelInput[] };
  const entry = models.find(({ name }) => name === "clip-vit-b32");
  if (entry === undefined) throw new Error("models/manifest.json lists no clip-vit-b32");
  const files = clipFiles();
  return {
    ...entry,
    dimension,
    files: entry.files.map((file) => ({ ...file, sha256: locked ? sha256(files[file.path] ?? "") : null })),
  };
};

/** Writes a models folder that knows the pair as `clip-vit-b32` and has this checkout's bundled text model. */
export const writeModelsFolder = (modelsDir: string): void => {
  const bundled = "multilingual-e5-small";
  const { models } = JSON.parse(readFileSync("models/manifest.json", "utf8")) as { models: ModelInput[] };
  const kept = models.filter(({ name }) => name === bundled);
  symlinkSync(join(process.cwd(), "models", bundled), join(modelsDir, bundled));
  const manifest = { version: 1, models: [...kept, clipEntry(true)] };
  writeFileSync(join(modelsDir, "manifest.json"), JSON.stringify(manifest));
};

/** Puts the pair's files into such a folder, as a pull does. */
export const putTinyClip = (modelsDir: string): void => {
  mkdirSync(join(modelsDir, "clip-vit-b32"), { recursive: true });
  for (const [name, bytes] of Object.entries(clipFiles()))
    writeFileSync(join(modelsDir, "clip-vit-b32", name), bytes);
};
