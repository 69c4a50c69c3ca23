import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ChunkOptions } from "../../lib/chunk/chunker.ts";
import { piecesOf } from "../../lib/chunk/pieces.ts";
import { recursiveChunker } from "../../lib/chunk/recursive.ts";
import { chunkers } from "../../lib/chunk/registry.ts";
import { mostTexts } from "../../lib/chunk/runs.ts";
import { hashEmbedder } from "../../lib/embed/hash-embedder.ts";
import { type OnnxEmbedder, onnxEmbedder } from "../../lib/embed/onnx.ts";
import type { Block } from "../../lib/read/reader.ts";
import { countTokens } from "./generators.ts";

const block = (text: string, over: Partial<Block> = {}): Block => ({
  kind: "text",
  text,
  page: null,
  headings: [],
  header: "",
  ...over,
});
const options: ChunkOptions = { size: 256, overlap: 32, maxBytes: 8_192, countTokens };
const names = ["semantic", "cluster"] as const;

const subjects = {
  English: {
    bees: "Worker bees visit hundreds of flowers on every trip. They carry the nectar home in a stomach of its own. In the hive it is dried until it becomes honey. A strong colony fills forty jars in a good summer. The keeper takes the frames out with smoke and a brush. What the bees need for winter stays in the hive.",
    trains:
      "The night train to Vienna leaves from platform nine. Seats must be reserved two days ahead. Passengers with bicycles board the last carriage. Tickets are checked after the border. A delay of an hour gives back a quarter of the fare. The dining car closes at eleven.",
    gap: " ",
  },
  Chinese: {
    bees: "工蜂每次出巢要采访几百朵花。它们把花蜜装在蜜囊里带回蜂巢。花蜜在巢里风干以后变成蜂蜜。强壮的蜂群一个夏天能装满四十罐蜂蜜。养蜂人用烟和刷子取出巢脾。蜜蜂过冬要吃的蜂蜜留在巢里。",
    trains:
      "开往上海的夜班火车从九号站台发车。座位要提前两天预订。带自行车的旅客请上最后一节车厢。过了边界以后检查车票。晚点一小时退还四分之一的票款。餐车晚上十一点关门。",
    gap: "",
  },
};

describe("with the bundled model", () => {
  let embedder: OnnxEmbedder;
  beforeAll(async () => {
    const modelsDir = fileURLToPath(new URL("../../models", import.meta.url));
    embedder = await onnxEmbedder({ modelsDir, model: "multilingual-e5-small", threads: 1 });
  });
  afterAll(() => embedder.close());

  test.each(names.flatMap((name) => Object.keys(subjects).map((language) => [name, language] as const)))(
    "%s breaks where the subject changes, in %s, where recursive sees nothing",
    async (name, language) => {
      const { bees, trains, gap } = subjects[language as keyof typeof subjects];
      const blocks = [block(`${bees}${gap}${trains}`)];
      const pieces = await piecesOf(chunkers[name], blocks, options, (texts) =>
        embedder.embed(texts, "query"),
      );
      expect(recursiveChunker.chunk(blocks, options)).toHaveLength(1);
      expect(pieces.map(({ text }) => text)).toEqual([bees, trains]);
    },
  );
});

/** Vectors by the first letter, so that a test says itself what is near. */
const byLetter = async (texts: readonly string[]): Promise<Float32Array> => {
  const vectors = new Float32Array(texts.length * 26);
  for (const [row, text] of texts.entries()) vectors[row * 26 + (text.toLowerCase().charCodeAt(0) - 97)] = 1;
  return vectors;
};
const sentences = (letters: string): string =>
  [...letters].map((letter) => `${letter}xx one two six ten.`).join(" ");

describe.each(names)("%s", (name) => {
  const cut = (blocks: readonly Block[], over: Partial<ChunkOptions> = {}) =>
    piecesOf(chunkers[name], blocks, { ...options, size: 64, overlap: 0, ...over }, byLetter);
  const shape = async (...args: Parameters<typeof cut>) =>
    (await cut(...args)).map(({ text }) => text.replace(/[^A-Z]/g, ""));

  test("a document of one subject is one piece", async () => {
    expect(await shape([block(sentences("AAAAAAAA"))])).toEqual(["AAAAAAAA"]);
  });
  test("parts of two subjects are apart, each in as many pieces as it takes", async () => {
    expect(await shape([block(sentences("AAAAABBBBBB"))])).toEqual(["AAAAA", "BBBBBB"]);
    const small = await shape([block(sentences("AAAAAABBBBBB"))], { size: 24 });
    expect(small.length).toBeGreaterThan(2);
    for (const letters of small) expect(letters).toMatch(/^(?:A+|B+)$/);
  });
  test("overlap repeats what is of the same subject only", async () => {
    const pieces = await shape([block(sentences("AAAAAABBBBBB"))], { size: 24, overlap: 12 });
    expect(pieces.join("").length).toBeGreaterThan(12);
    for (const letters of pieces) expect(letters).toMatch(/^(?:A+|B+)$/);
  });
  test("a subject of less than an eighth of size is no piece of its own", async () => {
    expect(await shape([block(sentences("AAAAAAAB"))])).toEqual(["AAAAAAAB"]);
  });
  test("subjects go over blocks; headings and pages part whatever is said", async () => {
    expect(await shape([block(sentences("AAA")), block(sentences("AABBBBB"))])).toEqual(["AAAAA", "BBBBB"]);
    const apart = [block(sentences("AA"), { headings: ["x"] }), block(sentences("AA"), { headings: ["y"] })];
    expect(await shape(apart)).toEqual(["AA", "AA"]);
  });
  test("tables and code are neither compared nor cut by meaning", async () => {
    const code = block(sentences("BBBBBB"), { kind: "code" });
    const table = block("A | B\n1 | 2", { kind: "table", header: "A | B" });
    expect(chunkers[name].texts([code, table])).toEqual([]);
    expect(await cut([code], { size: 256 })).toHaveLength(1);
  });
  test("a document of any length asks for a bounded number of short texts, and loses nothing", async () => {
    const text = `${"Kites rise in the warm air of the ridge. ".repeat(6_000)}${"x".repeat(10_000)}`;
    const texts = chunkers[name].texts([block(text)]);
    expect(texts.length).toBeLessThanOrEqual(mostTexts);
    expect(texts.length).toBeGreaterThan(mostTexts / 2);
    for (const each of texts) expect(each.length).toBeLessThanOrEqual(200);
    const { embed } = hashEmbedder();
    const pieces = await piecesOf(chunkers[name], [block(text)], { ...options, overlap: 0 }, (some) =>
      embed(some, "query"),
    );
    expect(pieces.map((piece) => piece.text.replace(/\s/g, "")).join("")).toBe(text.replace(/\s/g, ""));
  });
});

test("a stray sentence makes no piece of cluster", async () => {
  const pieces = await piecesOf(
    chunkers.cluster,
    [block(sentences("AAAABAAAABBBBBBBB"))],
    { ...options, size: 64 },
    byLetter,
  );
  expect(pieces.map(({ text }) => text.replace(/[^A-Z]/g, ""))).toEqual(["AAAABAAAA", "BBBBBBBB"]);
});
