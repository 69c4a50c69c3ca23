import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { embeddingIdentity } from "../../lib/embed/model-files.ts";
import { type OnnxEmbedder, onnxEmbedder } from "../../lib/embed/onnx.ts";
import { decodeVectors } from "../../lib/messages.ts";
import { embedderContract } from "../contract/embedder.ts";
import { writeTinyModel } from "./tiny-model.ts";

const modelsDir = join(import.meta.dirname, "../../models");
const bundled = { modelsDir, model: "multilingual-e5-small", threads: 2 };

embedderContract("onnx, multilingual-e5-small", () => onnxEmbedder(bundled));

type Reference = { prefix: string; text: string; ids: number[]; vector: number[] };
const readJson = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));

const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return dot / Math.sqrt(aa * bb);
};

describe("multilingual-e5-small", { timeout: 60_000 }, () => {
  const reference = readJson(join(modelsDir, "multilingual-e5-small/reference.json")) as Reference[];
  const exact = (readJson(join(import.meta.dirname, "exact-vectors.json")) as string[]).map((row) =>
    decodeVectors(row, 1, 384),
  );
  const kindOf = (r: Reference) => (r.prefix === "query: " ? "query" : "passage");
  let embedder: OnnxEmbedder;
  let vectors: Float32Array[];
  beforeAll(async () => {
    embedder = await onnxEmbedder(bundled);
    vectors = await Promise.all(reference.map((r) => embedder.embed([r.text], kindOf(r))));
  }, 60_000);
  afterAll(() => embedder.close());

  it("token ids are those of the reference", () => {
    expect(reference.length).toBeGreaterThan(20);
    for (const r of reference) expect([...embedder.tokenizer.encode(r.text, kindOf(r))]).toEqual(r.ids);
  });

  it("vectors are those of exact integer arithmetic within 1e-3, on every processor", () => {
    for (const [i, vector] of vectors.entries()) expect(cosine(vector, exact[i]!)).toBeGreaterThan(0.999);
  });

  // reference.json holds the saturated products of one kind of processor; see make-exact-vectors.py.
  it("vectors are within 0.015 of reference.json, and each is nearest to its own", () => {
    for (const [i, vector] of vectors.entries()) {
      const near = reference.map((r) => cosine(vector, r.vector));
      expect(near[i]).toBeGreaterThan(0.985);
      expect(Math.max(...near)).toBe(near[i]);
    }
  });

  it("an English question finds the Chinese passage that answers it", async () => {
    const passages = [
      "黑鸢以鼠类、昆虫和腐肉为食。",
      "发票须在三十天内付清。",
      "列车每小时从中央车站出发一班。",
    ];
    const p = await embedder.embed(passages, "passage");
    const q = await embedder.embed(["What do black kites eat?"], "query");
    const scores = passages.map((_, i) => cosine(q, p.subarray(i * 384, (i + 1) * 384)));
    expect(scores.indexOf(Math.max(...scores))).toBe(0);
  });

  it("the event loop runs on while texts of full length are embedded", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await embedder.embed(Array(4).fill("kites and clouds ".repeat(400)), "passage");
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(10);
  });

  it("its identity is known without reading the weights", async () => {
    expect(await embeddingIdentity(bundled)).toEqual({
      model: "multilingual-e5-small",
      identity: embedder.identity,
      dimension: 384,
    });
  });
});

describe("a model made by script", () => {
  let dir: string;
  let embedder: OnnxEmbedder | null = null;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "kettle-models-"));
  });
  afterEach(async () => {
    await embedder?.close();
    embedder = null;
    rmSync(dir, { recursive: true, force: true });
  });
  const open = async () => {
    embedder = await onnxEmbedder({ modelsDir: dir, model: "tiny", threads: 1 });
    return embedder;
  };
  const embedOne = async (text: string, kind: "query" | "passage" = "passage") =>
    [...(await (await open()).embed([text], kind))].map((x) => Math.round(x * 1e4) / 1e4);

  // Rows of the table: [CLS] (3 4 0), [SEP] (0 0 0), red (1 0 0), green (0 2 0), kite (0 0 4).
  it.each([
    ["mean", false, "green kite", [0.75, 1.5, 1]],
    ["mean", true, "kite", [0.4685, 0.6247, 0.6247]],
    ["cls", false, "green kite", [3, 4, 0]],
    ["cls", true, "green kite", [0.6, 0.8, 0]],
  ] as const)("%s pooling, normalise %s: %s", async (pooling, normalise, text, expected) => {
    writeTinyModel(dir, { pooling, normalise });
    expect(await embedOne(text)).toEqual(expected);
  });

  it("the prefix of the kind of text is put before it", async () => {
    writeTinyModel(dir, { normalise: false });
    expect(await embedOne("green", "query")).toEqual([1, 1.5, 0]);
  });

  it("token types are fed to a graph that asks for them", async () => {
    const inputs = ["input_ids", "attention_mask", "token_type_ids"] as const;
    writeTinyModel(dir, { inputs: [...inputs], normalise: false }, inputs);
    expect(await embedOne("green")).toEqual([1, 2, 0]);
  });

  it("a text longer than the window keeps the closing special token", async () => {
    writeTinyModel(dir, { maxTokens: 5 });
    const { tokenizer } = await open();
    expect([...tokenizer.encode("kite kite kite kite kite kite", "passage")]).toEqual([1, 5, 5, 5, 2]);
    expect([...tokenizer.encode("kite kite kite", "passage")]).toEqual([1, 5, 5, 5, 2]);
  });

  it("tokens are counted without special tokens and prefix", async () => {
    writeTinyModel(dir);
    const { tokenizer } = await open();
    expect(tokenizer.count("green kite kite")).toBe(3);
    expect(tokenizer.count("")).toBe(0);
  });

  it.each([
    ["weights that are no ONNX file", {}, "garbage"],
    ["an output that the graph does not have", { output: "pooler_output" }, null],
    ["a dimension that the output does not have", { dimension: 2 }, null],
  ] as const)("%s: EMBEDDING_FAILED, each time", async (_, override, weights) => {
    const entry = writeTinyModel(dir, override);
    if (weights !== null) {
      writeFileSync(join(dir, "tiny/model.onnx"), weights);
      entry.files[0]!.sha256 = null;
      writeFileSync(join(dir, "manifest.json"), JSON.stringify({ version: 1, models: [entry] }));
    }
    const broken = await open();
    for (const text of ["red", "green"])
      await expect(broken.embed([text], "passage")).rejects.toMatchObject({ code: "EMBEDDING_FAILED" });
  });

  it("a graph that asks for more than the manifest names is refused with the input's name", async () => {
    writeTinyModel(dir, { inputs: ["input_ids"] }, ["input_ids", "attention_mask"]);
    await expect((await open()).warm()).rejects.toMatchObject({
      code: "EMBEDDING_FAILED",
      message: expect.stringContaining("attention_mask"),
    });
  });

  it("a cross-encoder is refused: it gives no vectors", async () => {
    writeTinyModel(dir, { kind: "cross-encoder" });
    await expect(open()).rejects.toMatchObject({ code: "MODEL_MISSING" });
  });

  it("close lets running texts end, drops the rest, and may be called again", async () => {
    writeTinyModel(dir);
    const closing = await open();
    const many = closing.embed(Array(500).fill("kite"), "passage");
    const outcome = many.then(
      () => "done",
      (error: { code: string }) => error.code,
    );
    await closing.embed(["red"], "query");
    await closing.close();
    expect(await outcome).toBe("EMBEDDING_FAILED");
    await closing.close();
    await expect(closing.embed(["red"], "query")).rejects.toMatchObject({ code: "EMBEDDING_FAILED" });
  });
});
