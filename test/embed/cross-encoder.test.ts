import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { onnxPairScorer } from "../../lib/embed/cross-encoder.ts";
import { crossEncoder } from "../../lib/rerank/cross-encoder.ts";
import { context, hit } from "../rerank/hits.ts";
import { lookupModel, type ModelInput, tinyTokenizer } from "./tiny-model.ts";

let modelsDir: string;
beforeEach(() => {
  modelsDir = mkdtempSync(join(tmpdir(), "kettle-pairs-"));
});
afterEach(() => rmSync(modelsDir, { recursive: true, force: true }));

const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
const sequence = (id: string) => ({ Sequence: { id, type_id: 0 } });

/** A model whose score is the mean of its tokens' values: [UNK] 0, [CLS] 0, [SEP] 0, red 1, green 2, kite 6. */
const writePairModel = (override: Partial<ModelInput> = {}, files = true): void => {
  const graph = lookupModel([[0], [0], [0], [1], [2], [6]], ["input_ids", "attention_mask"]);
  const plain = tinyTokenizer(["red", "green", "kite"]) as { post_processor: object };
  const pair = [special("[CLS]"), sequence("A"), special("[SEP]"), sequence("B"), special("[SEP]")];
  const tokenizer = JSON.stringify({ ...plain, post_processor: { ...plain.post_processor, pair } });
  const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");
  const entry: ModelInput = {
    name: "pairs",
    kind: "cross-encoder",
    files: [
      { path: "model.onnx", sha256: sha256(graph) },
      { path: "tokenizer.json", sha256: sha256(tokenizer) },
    ],
    graph: "model.onnx",
    inputs: ["input_ids", "attention_mask"],
    output: "last_hidden_state",
    pooling: "mean",
    normalise: false,
    dimension: 1,
    maxTokens: 8,
    prefixes: { query: "", passage: "" },
    licence: "Apache-2.0",
    source: "made by this test",
    ...override,
  };
  mkdirSync(join(modelsDir, "pairs"));
  if (files) writeFileSync(join(modelsDir, "pairs/model.onnx"), graph);
  writeFileSync(join(modelsDir, "pairs/tokenizer.json"), tokenizer);
  writeFileSync(join(modelsDir, "manifest.json"), JSON.stringify({ version: 1, models: [entry] }));
};
const open = () => onnxPairScorer({ modelsDir, model: "pairs", threads: 2 });

describe("a cross-encoder", () => {
  it("scores question and text together, and its reranker orders by that", async () => {
    writePairModel();
    const scorer = await open();
    try {
      // [CLS] red [SEP] kite kite [SEP]: (1 + 6 + 6) / 6; with green alone (1 + 2) / 5.
      const scores = await scorer.score("red", ["green", "kite kite", "unknown"]);
      expect([...scores].map((score) => score.toFixed(4))).toEqual(["0.6000", "2.1667", "0.2000"]);
      const hits = [
        { ...hit({ id: "a", score: 0.9, cluster: 0 }), text: "green" },
        { ...hit({ id: "b", score: 0.8, cluster: 0 }), text: "unknown" },
        { ...hit({ id: "c", score: 0.7, cluster: 0 }), text: "kite kite" },
      ];
      const order = await crossEncoder.rerank(hits, context({ queryText: "red", scorePairs: scorer.score }));
      expect(order.map(({ id }) => id)).toEqual(["c", "a", "b"]);
    } finally {
      await scorer.close();
    }
  });

  it("a long text loses its end, not the closing token", async () => {
    writePairModel();
    const scorer = await open();
    try {
      // Window 8: [CLS] red [SEP], four of the kites, [SEP]: (1 + 4 · 6) / 8.
      expect((await scorer.score("red", ["kite ".repeat(20)]))[0]).toBeCloseTo(25 / 8, 5);
    } finally {
      await scorer.close();
    }
  });

  it("that is not here says how to get it", async () => {
    writePairModel({}, false);
    await expect(open()).rejects.toMatchObject({
      code: "MODEL_MISSING",
      message: expect.stringContaining("npm run models -- pull pairs"),
    });
  });

  it.each<[string, Partial<ModelInput>]>([
    ["an embedding model", { kind: "text" }],
    ["a model that needs segment ids", { inputs: ["input_ids", "attention_mask", "token_type_ids"] }],
  ])("%s is refused", async (_, override) => {
    writePairModel(override);
    await expect(open()).rejects.toThrow("pairs is not a cross-encoder");
  });
});
