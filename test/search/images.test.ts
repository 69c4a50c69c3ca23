import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ImageEmbedder, onnxImageEmbedder } from "../../lib/embed/image-embedder.ts";
import { openPicture } from "../../lib/read/image/picture.ts";
import { queryPicture } from "../../lib/read/image/query-picture.ts";
import type { SearchAnswer } from "../../lib/steps/search.ts";
import { imagesName } from "../../lib/store/store.ts";
import { putTinyClip, writeModelsFolder } from "../embed/tiny-clip.ts";
import { limits } from "../read/reading.ts";
import { chunkRow } from "./rows.ts";
import { searchStack } from "./stack.ts";

const plain = (background: string): Promise<Buffer> =>
  sharp({ create: { width: 320, height: 240, channels: 3, background } })
    .png()
    .toBuffer();
const colours = { sunset: "#f00000", poppy: "#d01010", meadow: "#00f000", sea: "#0000f0" };
const ids = (answer: SearchAnswer): string[] => answer.hits.map(({ id }) => id);

let modelsDir: string;
let embedder: ImageEmbedder;
let pictures: Map<string, Buffer>;
beforeAll(async () => {
  modelsDir = mkdtempSync(join(tmpdir(), "kettle-image-search-"));
  writeModelsFolder(modelsDir);
  putTinyClip(modelsDir);
  embedder = await onnxImageEmbedder({ modelsDir, model: "clip", threads: 1 });
  pictures = new Map(
    await Promise.all(Object.entries(colours).map(async ([id, c]) => [id, await plain(c)] as const)),
  );
});
afterAll(async () => {
  await embedder.close();
  rmSync(modelsDir, { recursive: true, force: true });
});

const images = () => ({
  embedder: async () => embedder,
  square: (bytes: Uint8Array, side: number) => queryPicture(bytes, side, limits),
});

/** The pictures are stored, and one text. */
const filled = async (yaml = "") => {
  const stack = await searchStack(yaml, images());
  const { identity, model, dimension } = embedder;
  const name = imagesName("kettle", identity);
  await stack.store.ensure({ name, identity, model, dimension });
  await stack.store.setAlias("kettle_images", name);
  for (const [id, bytes] of pictures) {
    const square = await (await openPicture({ bytes, key: id, limits })).square(0, embedder.side);
    const vector = await embedder.embedPictures([square]);
    const text = `IMG ${id}`;
    const row = { id, text, vector, modality: "image" as const, key: `${id}.png`, duplicateGroup: id };
    await stack.store.upsert(name, [chunkRow(row)]);
  }
  await stack.add({ id: "text", text: "a red text" });
  return stack;
};

type Stack = Awaited<ReturnType<typeof filled>>;
let stack: Stack;
beforeEach(async () => {
  stack = await filled();
});
const base64 = (id: string): string => pictures.get(id)!.toString("base64");

describe("searching pictures", () => {
  it.each([
    ["a red thing", "sunset"],
    ["红色", "sunset"],
    ["GREEN", "meadow"],
  ])("%s finds the picture that shows it, and no text", async (query, first) => {
    const answer = await stack.search({ query, target: "images", rerank: "none" });
    expect(ids(answer)[0]).toBe(first);
    expect(answer.hits).toHaveLength(4);
    expect(answer.hits[0]).toMatchObject({ modality: "image", key: `${first}.png`, text: `IMG ${first}` });
    expect(answer.hits.every(({ modality }) => modality === "image")).toBe(true);
  });

  it("a picture finds itself and then what is like it", async () => {
    const answer = await stack.search({ image: base64("sunset"), rerank: "none" });
    expect(ids(answer).slice(0, 2)).toEqual(["sunset", "poppy"]);
    expect(answer.hits[0]?.score).toBeCloseTo(1, 5);
  });

  it("a question without `target` finds texts alone", async () => {
    expect(ids(await stack.search({ query: "red" }))).toEqual(["text"]);
  });

  it.each(["none", "distance", "cluster-size", "cluster-center", "mmr", "rrf", "balanced"])(
    "the reranker %s works on pictures, grouped by what they show",
    async (rerank) => {
      const cluster = { when: "query", k: 3 } as const;
      const answer = await stack.search({ query: "red", target: "images", rerank, cluster });
      expect(answer.hits.length).toBeGreaterThan(0);
      const clusterOf = new Map(answer.hits.map(({ id, clusterId }) => [id, clusterId]));
      if (clusterOf.has("poppy")) expect(clusterOf.get("poppy")).toBe(clusterOf.get("sunset"));
      expect(new Set(answer.clusters.flatMap(({ hitIds }) => hitIds))).toEqual(new Set(ids(answer)));
    },
  );

  it("names are words: a sparse search finds them, filters hold", async () => {
    const named = await stack.search({ query: "poppy", target: "images", mode: "sparse", rerank: "none" });
    expect(ids(named)).toEqual(["poppy"]);
    const filter = { field: "key", op: "eq", value: "sea.png" } as const;
    expect(ids(await stack.search({ query: "red", target: "images", filter }))).toEqual(["sea"]);
  });

  it("looks at vectors whatever the default mode of texts is", async () => {
    const sparse = await filled("search: { mode: sparse }");
    expect(ids(await sparse.search({ image: base64("sea"), rerank: "none" }))[0]).toBe("sea");
    expect(ids(await sparse.search({ query: "red", target: "images", rerank: "none" }))[0]).toBe("sunset");
  });

  it("the cross-encoder reads names to a question", async () => {
    const answer = await stack.search({ query: "sea", target: "images", rerank: "cross-encoder" });
    expect(answer.hits).toHaveLength(4);
  });
});

describe("what cannot be searched by is refused", () => {
  it.each([
    ["something that is no picture", Buffer.from("hello").toString("base64"), {}, "BAD_REQUEST", /image: /],
    [
      "a mode of words with a picture",
      "sea",
      { mode: "hybrid" },
      "BAD_REQUEST",
      /^mode: a picture has no words/,
    ],
    ["a cross-encoder with a picture", "sea", { rerank: "cross-encoder" }, "BAD_REQUEST", /^rerank: /],
  ] as const)("%s", async (_, image, options, code, message) => {
    const sent = image === "sea" ? base64("sea") : image;
    await expect(stack.search({ image: sent, ...options })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it("a picture of too many pixels, by its header alone", async () => {
    const many = { ...limits, pixels: 1_000 };
    await expect(queryPicture(pictures.get("sea")!, 224, many)).rejects.toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
      message: "image: has 320 × 240 pixels; limits.pixels is 1000",
    });
  });

  it("vectors of another image model, which is named with the parameter", async () => {
    const name = imagesName("kettle", "another");
    await stack.store.ensure({ name, identity: "another", model: "siglip", dimension: embedder.dimension });
    await stack.store.setAlias("kettle_images", name);
    await expect(stack.search({ query: "red", target: "images" })).rejects.toMatchObject({
      code: "EMBEDDING_MISMATCH",
      message: expect.stringMatching(/siglip.*embedding\.images\.model is clip-vit-b32/),
    });
  });

  it("while no picture is stored the answer is empty", async () => {
    const empty = await searchStack("", images());
    expect(await empty.search({ query: "red", target: "images" })).toMatchObject({ hits: [], tokens: 0 });
  });
});
