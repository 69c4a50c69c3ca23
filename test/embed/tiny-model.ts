import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import type { manifestSchema } from "../../lib/embed/manifest.ts";
import { type Field, float, int64, message, onnxFile, valueInfo } from "../../lib/linalg/onnx-file.ts";

/**
 * An ONNX file that looks each token id up in a table: ids `[batch, n]` → `last_hidden_state` `[batch, n, dimension]`.
 * Field numbers are those of onnx.proto.
 */
export const lookupModel = (table: readonly (readonly number[])[], inputs: readonly string[]): Uint8Array => {
  const dimension = table[0]?.length ?? 0;
  const data = new Float32Array(table.flat());
  const initializer = message(
    [1, table.length],
    [1, dimension],
    [2, float],
    [8, "table"],
    [9, new Uint8Array(data.buffer)],
  );
  const node = message([1, "table"], [1, inputs[0] ?? ""], [2, "last_hidden_state"], [4, "Gather"]);
  const graph = message(
    [1, node],
    [2, "lookup"],
    [5, initializer],
    ...inputs.map((name): Field => [11, valueInfo(name, int64, ["batch", "n"])]),
    [12, valueInfo("last_hidden_state", float, ["batch", "n", dimension])],
  );
  return onnxFile(graph, 13);
};

const special = ["[UNK]", "[CLS]", "[SEP]"];

/** Words in, word ids out, `[CLS]` before and `[SEP]` after. Ids: [UNK] 0, [CLS] 1, [SEP] 2, then the words. */
export const tinyTokenizer = (words: readonly string[]): object => ({
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: special.map((content, id) => ({
    id,
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  })),
  normalizer: null,
  pre_tokenizer: { type: "Whitespace" },
  post_processor: {
    type: "TemplateProcessing",
    single: [
      { SpecialToken: { id: "[CLS]", type_id: 0 } },
      { Sequence: { id: "A", type_id: 0 } },
      { SpecialToken: { id: "[SEP]", type_id: 0 } },
    ],
    pair: [],
    special_tokens: {
      "[CLS]": { id: "[CLS]", ids: [1], tokens: ["[CLS]"] },
      "[SEP]": { id: "[SEP]", ids: [2], tokens: ["[SEP]"] },
    },
  },
  decoder: null,
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries([...special, ...words].map((word, id) => [word, id])),
  },
});

type ManifestInput = z.input<typeof manifestSchema>;
export type ModelInput = ManifestInput["models"][number];

export const tinyWords = ["red", "green", "kite"];
/** Rows: [UNK], [CLS], [SEP], red, green, kite. */
export const tinyTable = [
  [0, 0, 0],
  [3, 4, 0],
  [0, 0, 0],
  [1, 0, 0],
  [0, 2, 0],
  [0, 0, 4],
];

const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/**
 * Writes `<modelsDir>/tiny/` and a manifest that lists it.
 * @param override of the manifest's entry
 * @param graphInputs what the ONNX file asks for
 */
export const writeTinyModel = (
  modelsDir: string,
  override: Partial<ModelInput> = {},
  graphInputs: readonly string[] = ["input_ids", "attention_mask"],
): ModelInput => {
  const graph = lookupModel(tinyTable, graphInputs);
  const tokenizer = JSON.stringify(tinyTokenizer(tinyWords));
  const entry: ModelInput = {
    name: "tiny",
    kind: "text",
    files: [
      { path: "model.onnx", sha256: sha256(graph) },
      { path: "tokenizer.json", sha256: sha256(tokenizer) },
    ],
    graph: "model.onnx",
    inputs: ["input_ids", "attention_mask"],
    output: "last_hidden_state",
    pooling: "mean",
    normalise: true,
    dimension: 3,
    maxTokens: 8,
    prefixes: { query: "red ", passage: "" },
    licence: "Apache-2.0",
    source: "made by test/embed/tiny-model.ts",
    ...override,
  };
  mkdirSync(join(modelsDir, "tiny"), { recursive: true });
  writeFileSync(join(modelsDir, "tiny/model.onnx"), graph);
  writeFileSync(join(modelsDir, "tiny/tokenizer.json"), tokenizer);
  writeFileSync(join(modelsDir, "manifest.json"), JSON.stringify({ version: 1, models: [entry] }));
  return entry;
};
