import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ImageEmbedder, onnxImageEmbedder } from "../../lib/embed/image-embedder.ts";
import { embeddingIdentity, imageIdentity, modelIsHere } from "../../lib/embed/model-files.ts";
import { pixelsOf } from "../../lib/embed/pixels.ts";
import { pullModel } from "../../lib/embed/pull.ts";
import { loadTokenizer } from "../../lib/embed/tokenizer.ts";
import { openPicture } from "../../lib/read/image/picture.ts";
import { limits } from "../read/reading.ts";
import { startHub } from "./hub.ts";
import { clipEntry, clipFiles, putTinyClip, writeModelsFolder } from "./tiny-clip.ts";

const side = 224;
const { mean, std } = clipEntry(true).image!;
const square = async (bytes: Uint8Array): Promise<Uint8Array> =>
  (await openPicture({ bytes, key: "picture", limits })).square(0, side);
const plain = (background: string, width = 300, height = 260): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer();
const noise = (width: number, height: number): Promise<Buffer> => {
  let state = 1;
  const data = Buffer.alloc(width * height * 3);
  for (let at = 0; at < data.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    data[at] = state >>> 24;
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
};

describe("a picture as the model takes it", () => {
  it.each([
    ["PNG", (made: Sharp) => made.png()],
    ["JPEG", (made: Sharp) => made.jpeg({ quality: 98, chromaSubsampling: "4:4:4" })],
  ])("is scaled, cut and normalised as Pillow and transformers do it, from %s", async (_, packed) => {
    const [width, height] = [1000, 760];
    const data = Buffer.alloc(width * height * 3);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        data.set(
          [
            Math.floor((x * 255) / 999),
            Math.floor((y * 255) / 759),
            ((Math.floor(x / 40) + Math.floor(y / 40)) % 2) * 200,
          ],
          3 * (y * width + x),
        );
    const file = await packed(sharp(data, { raw: { width, height, channels: 3 } })).toBuffer();
    const pixels = await pixelsOf(await square(file), { side, mean, std });
    expect(pixels).toHaveLength(3 * side * side);
    const reference: number[] = JSON.parse(readFileSync(join(import.meta.dirname, "pixels.json"), "utf8"));
    const kept = [0, 1, 2].flatMap((channel) =>
      Array.from(
        { length: 64 },
        (_, i) => pixels[channel * side * side + (i >> 3) * 31 * side + (i & 7) * 31]!,
      ),
    );
    const differences = kept.map((value, i) => Math.abs(value - reference[i]!));
    // One step of a colour is .015: what is left is JPEG's.
    expect(Math.max(...differences)).toBeLessThan(0.15);
    expect(differences.reduce((sum, each) => sum + each, 0) / differences.length).toBeLessThan(0.03);
  });

  it("has the values that are worked out by hand, red before green before blue", async () => {
    const flat = await sharp(await plain("rgb(255,128,0)", side, side))
      .png()
      .toBuffer();
    const pixels = await pixelsOf(flat, { side, mean, std });
    const area = side * side;
    // (1 − .48145466) / .26862954, (128/255 − .4578275) / .26130258, −.40821073 / .27577711
    for (const [channel, value] of [1.93034, 0.16889, -1.48022].entries()) {
      expect(pixels[channel * area]).toBeCloseTo(value, 4);
      expect(pixels[(channel + 1) * area - 1]).toBeCloseTo(value, 4);
    }
  });

  it("stands upright, and shows white where it is transparent", async () => {
    const half = (await plain("#f00", 100, 200)).buffer;
    const both = await sharp({ create: { width: 200, height: 200, channels: 3, background: "#00f" } })
      .composite([{ input: Buffer.from(half), left: 0, top: 0 }])
      .jpeg()
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const at = async (jpeg: Uint8Array, x: number, y: number): Promise<number[]> => {
      const { data } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
      return [...data.subarray(3 * (y * side + x), 3 * (y * side + x) + 3)];
    };
    const upright = await square(both);
    expect((await at(upright, 112, 20))[0]).toBeGreaterThan(200);
    expect((await at(upright, 112, 204))[2]).toBeGreaterThan(200);
    const glass = sharp({ create: { width: 50, height: 50, channels: 4, background: "#0000" } });
    expect((await at(await square(await glass.png().toBuffer()), 100, 100)).every((v) => v > 250)).toBe(true);
  });

  it.each([
    ["noise", () => noise(500, 400)],
    ["a line", () => plain("#c33", 30_000, 3)],
    ["one pixel", () => plain("#c33", 1, 1)],
  ])("%s fits into a message, too", async (_, make) => {
    const jpeg = await square(await make());
    expect(jpeg.length).toBeLessThanOrEqual(60_000);
    expect(await sharp(jpeg).metadata()).toMatchObject({ width: side, height: side, format: "jpeg" });
  });
});

describe("a pair of models for pictures and texts", () => {
  let modelsDir: string;
  let embedder: ImageEmbedder;
  beforeAll(async () => {
    modelsDir = mkdtempSync(join(tmpdir(), "kettle-clip-"));
    writeModelsFolder(modelsDir);
    putTinyClip(modelsDir);
    embedder = await onnxImageEmbedder({ modelsDir, model: "clip", threads: 2 });
  });
  afterAll(async () => {
    await embedder.close();
    rmSync(modelsDir, { recursive: true, force: true });
  });
  const rows = (vectors: Float32Array): Float32Array[] =>
    Array.from({ length: vectors.length / embedder.dimension }, (_, i) =>
      vectors.subarray(i * embedder.dimension, (i + 1) * embedder.dimension),
    );
  const cosine = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

  it("a text is nearest to the picture that shows it, in English and in Chinese", async () => {
    const pictures = await Promise.all(["#f00", "#0f0", "#00f"].map(async (c) => square(await plain(c))));
    const shown = rows(await embedder.embedPictures(pictures));
    const asked = rows(await embedder.embedTexts(["a red kite", "GREEN", "红色 的 风筝", "the blue one"]));
    const nearest = asked.map((q) => {
      const scores = shown.map((v) => cosine(q, v));
      return scores.indexOf(Math.max(...scores));
    });
    expect(nearest).toEqual([0, 1, 0, 2]);
    for (const vector of [...shown, ...asked]) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
  });

  it("the same picture has the same vector alone and among others; none gives none", async () => {
    const pictures = await Promise.all([square(await noise(300, 300)), square(await plain("#0f0"))]);
    const both = await embedder.embedPictures(pictures);
    const alone = await Promise.all(pictures.map((each) => embedder.embedPictures([each])));
    expect(rows(both).map((v) => [...v])).toEqual(alone.map((v) => [...v]));
    expect(await embedder.embedPictures([])).toEqual(new Float32Array(0));
    expect(await embedder.embedTexts([])).toEqual(new Float32Array(0));
  });

  it("a picture of another size, or no picture, is refused", async () => {
    for (const bytes of [await plain("#f00"), Buffer.from("no picture")])
      await expect(embedder.embedPictures([bytes])).rejects.toMatchObject({ code: "EMBEDDING_FAILED" });
  });

  // Ids by the Python package tokenizers 0.23.3, of the same tokenizer.json.
  it.each([
    ["a Red kite's nest", [526, 353, 517, 107, 105, 116, 357, 39, 371, 110, 101, 115, 372, 527]],
    ["GREEN  2024!?", [526, 515, 306, 304, 306, 308, 33, 319, 527]],
    ["红色 naïve", [526, 525, 110, 97, 195, 175, 118, 357, 527]],
    ["", [526, 527]],
  ])("%j has the token ids of Hugging Face's own tokenizer", async (text, ids) => {
    const tokenizer = await loadTokenizer({ modelsDir, model: "clip" });
    expect([...tokenizer.encode(text, "query")]).toEqual(ids);
  });

  it("its identity is known without weights, covers both models, and is not that of its texts alone", async () => {
    const at = { modelsDir, model: "clip-vit-b32" };
    expect(await imageIdentity(at)).toEqual({
      model: "clip-vit-b32",
      identity: embedder.identity,
      dimension: 6,
      side,
    });
    expect((await embeddingIdentity(at)).identity).not.toBe(embedder.identity);
    const other = clipEntry(true);
    const files = other.files.map((file) =>
      file.path === "vision.onnx" ? { ...file, sha256: "0".repeat(64) } : file,
    );
    const manifest = join(modelsDir, "manifest.json");
    const before = readFileSync(manifest, "utf8");
    writeFileSync(manifest, JSON.stringify({ version: 1, models: [{ ...other, files }] }));
    expect((await imageIdentity(at)).identity).not.toBe(embedder.identity);
    writeFileSync(manifest, before);
  });

  it("`pull clip` fetches both models and the tokenizer, and locks what it got", async () => {
    const dir = mkdtempSync(join(tmpdir(), "kettle-pull-clip-"));
    const hub = await startHub();
    const entry = clipEntry(false);
    writeFileSync(join(dir, "manifest.json"), JSON.stringify({ version: 1, models: [entry] }));
    const files = clipFiles();
    for (const { path, url } of entry.files)
      hub.files.set(url!.replace("{hub}", ""), { body: Buffer.from(files[path]!) });
    const pulled = await pullModel({
      modelsDir: dir,
      model: "clip",
      hub: hub.url,
      signal: new AbortController().signal,
      onEvent: () => undefined,
    });
    await hub.close();
    expect(pulled.map(({ path, locked }) => [path, locked])).toEqual(
      entry.files.map(({ path }) => [path, true]),
    );
    expect(modelIsHere({ modelsDir: dir, model: "clip" })).toBe(true);
    expect(await imageIdentity({ modelsDir: dir, model: "clip" })).toMatchObject({
      identity: embedder.identity,
    });
    writeFileSync(join(dir, "clip-vit-b32/vision.onnx"), "another");
    const broken = await onnxImageEmbedder({ modelsDir: dir, model: "clip", threads: 1 });
    await expect(broken.embedPictures([await square(await plain("#f00"))])).rejects.toMatchObject({
      code: "MODEL_HASH_MISMATCH",
    });
    await broken.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it("one that is not here says how to get it; a text model is refused", async () => {
    const vision = join(modelsDir, "clip-vit-b32/vision.onnx");
    expect(modelIsHere({ modelsDir, model: "clip" })).toBe(true);
    renameSync(vision, `${vision}.away`);
    expect(modelIsHere({ modelsDir, model: "clip" })).toBe(false);
    const without = await onnxImageEmbedder({ modelsDir, model: "clip", threads: 1 });
    await expect(without.embedPictures([await square(await plain("#f00"))])).rejects.toMatchObject({
      code: "MODEL_MISSING",
      message: expect.stringContaining("npm run models -- pull clip"),
    });
    await without.close();
    renameSync(`${vision}.away`, vision);
    expect(modelIsHere({ modelsDir, model: "nowhere" })).toBe(false);
    await expect(
      onnxImageEmbedder({ modelsDir, model: "multilingual-e5-small", threads: 1 }),
    ).rejects.toMatchObject({ code: "MODEL_MISSING", message: expect.stringContaining("takes no pictures") });
  });
});
