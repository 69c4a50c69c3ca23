import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findModel, manifestSchema, readLock, readManifest } from "../../lib/embed/manifest.ts";
import { embeddingIdentity, verifyModel } from "../../lib/embed/model-files.ts";
import { type ModelInput, writeTinyModel } from "./tiny-model.ts";

const modelsDir = join(import.meta.dirname, "../../models");

describe("models/manifest.json", () => {
  it("lists the bundled model, two more text models, CLIP and a cross-encoder", () => {
    const kinds = readManifest(modelsDir).models.map(({ name, kind, bundled }) => [name, kind, bundled]);
    expect(kinds).toEqual(
      expect.arrayContaining([
        ["multilingual-e5-small", "text", true],
        ["all-minilm-l6-v2", "text", false],
        ["bge-m3", "text", false],
        ["clip-vit-b32", "image-text", false],
        ["bge-reranker-base", "cross-encoder", false],
      ]),
    );
  });

  it("the bundled files have the hashes it gives", async () => {
    const { hashes, entry } = await verifyModel({ modelsDir, model: "multilingual-e5-small" });
    expect(entry.files.every(({ path, sha256 }) => sha256 !== null && hashes.get(path) === sha256)).toBe(
      true,
    );
  });

  it("every file that is not bundled has a URL on the hub", () => {
    for (const { bundled, files } of readManifest(modelsDir).models)
      for (const file of files) expect(bundled || file.url !== undefined).toBe(true);
  });
});

describe("a manifest", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "kettle-manifest-"));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const location = () => ({ modelsDir: dir, model: "tiny" });
  const identity = async (override: Partial<ModelInput> = {}) => {
    writeTinyModel(dir, override);
    return (await embeddingIdentity(location())).identity;
  };

  it.each([
    ["prefixes", { prefixes: { query: "q: ", passage: "" } }],
    ["pooling", { pooling: "cls" }],
    ["normalise", { normalise: false }],
    ["the window", { maxTokens: 9 }],
    ["the dimension", { dimension: 4 }],
  ] as const)("another value of %s is another identity", async (_, override) => {
    expect(await identity(override)).not.toBe(await identity());
    expect(await identity()).toBe(await identity());
  });

  it("other weights are another identity", async () => {
    const before = await identity();
    const { files, ...rest } = writeTinyModel(dir);
    const changed = files.map((file) =>
      file.path === "model.onnx" ? { ...file, sha256: "0".repeat(64) } : file,
    );
    writeFileSync(
      join(dir, "manifest.json"),
      JSON.stringify({ version: 1, models: [{ ...rest, files: changed }] }),
    );
    expect((await embeddingIdentity(location())).identity).not.toBe(before);
  });

  it("the lock's hash counts as the manifest's where that has none", async () => {
    const known = await identity();
    const { files, ...rest } = writeTinyModel(dir);
    const unknown = files.map((file) => ({ ...file, sha256: null }));
    writeFileSync(
      join(dir, "manifest.json"),
      JSON.stringify({ version: 1, models: [{ ...rest, files: unknown }] }),
    );
    const locked = Object.fromEntries(files.map(({ path, sha256 }) => [path, { sha256, bytes: 1, url: "" }]));
    writeFileSync(join(dir, "manifest.lock.json"), JSON.stringify({ version: 1, models: { tiny: locked } }));
    rmSync(join(dir, "tiny"), { recursive: true });
    expect((await embeddingIdentity(location())).identity).toBe(known);
  });

  it("missing files are named, with the command that brings them", async () => {
    writeTinyModel(dir);
    rmSync(join(dir, "tiny/tokenizer.json"));
    await expect(verifyModel(location())).rejects.toMatchObject({
      code: "MODEL_MISSING",
      message: expect.stringMatching(/tokenizer\.json is not here; run `npm run models -- pull tiny`/),
    });
  });

  it.each([
    ["no manifest", () => undefined],
    ["one that is no JSON", () => writeFileSync(join(dir, "manifest.json"), "{")],
    ["one of another shape", () => writeFileSync(join(dir, "manifest.json"), '{"version":2}')],
  ])("%s: MODEL_MISSING with its path", (_, prepare) => {
    prepare();
    expect(() => findModel(dir, "tiny")).toThrow(
      expect.objectContaining({ code: "MODEL_MISSING", message: expect.stringContaining("manifest.json") }),
    );
  });

  it("a damaged lock is an error, never an empty one", () => {
    writeFileSync(join(dir, "manifest.lock.json"), "{}");
    expect(() => readLock(dir)).toThrow(expect.objectContaining({ code: "MODEL_MISSING" }));
  });

  const valid = () => writeTinyModel(dir);
  it.each([
    [
      "a path out of the folder",
      (m: ModelInput) => ({ ...m, files: [...m.files, { path: "../x", sha256: null }] }),
    ],
    [
      "an absolute path",
      (m: ModelInput) => ({ ...m, files: [...m.files, { path: "/etc/x", sha256: null }] }),
    ],
    ["a graph that is not among the files", (m: ModelInput) => ({ ...m, graph: "other.onnx" })],
    [
      "a hash that is no sha256",
      (m: ModelInput) => ({ ...m, files: [{ path: "model.onnx", sha256: "abc" }] }),
    ],
    ["CLIP without its image side", (m: ModelInput) => ({ ...m, kind: "image-text" })],
    [
      "a URL that leaves the hub",
      (m: ModelInput) => ({ ...m, files: [{ ...m.files[0], url: "http://x/y" }] }),
    ],
    ["an unknown key", (m: ModelInput) => ({ ...m, sha: "" })],
  ])("%s is refused", (_, change) => {
    expect(manifestSchema.safeParse({ version: 1, models: [valid()] }).success).toBe(true);
    expect(manifestSchema.safeParse({ version: 1, models: [change(valid())] }).success).toBe(false);
  });
});
