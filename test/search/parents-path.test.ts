import { expect, it } from "vitest";
import { recursiveChunker } from "../../lib/chunk/recursive.ts";
import { parseConfig } from "../../lib/config/load.ts";
import { scoreQuality } from "../../lib/quality/quality.ts";
import { readChunks } from "../../lib/read/to-chunks.ts";
import { searchStep } from "../../lib/steps/search.ts";
import { noImages } from "../../lib/steps/search-space.ts";
import { embeddedStore } from "../../lib/store/embedded.ts";
import { countTokens } from "../chunk/generators.ts";
import { input, noEmbedder } from "../read/reading.ts";
import { embedding, first, harness, key, look } from "../steps/harness.ts";

const chunking = {
  chunker: recursiveChunker,
  options: { size: 24, overlap: 4, maxBytes: 1_000, countTokens },
  parent: { tokens: 96 },
  embed: noEmbedder,
  quality: scoreQuality,
  copies: 0.85,
  maxChunks: 100,
};

/** Objects are read, cut and stored by the real steps, in an embedded store that a search asks for words. */
const path = async () => {
  const store = embeddedStore({ path: ":memory:" });
  const h = harness(store);
  const search = searchStep({
    config: parseConfig("search: { mode: sparse, rerank: none }", "local"),
    store,
    embedder: { ...embedding, embed: async () => Float32Array.of(1, 0) },
    images: noImages,
    centroids: { current: async () => null },
    customRerankers: async () => null,
    scorePairs: () => Promise.reject(new Error("not asked for")),
    clock: () => 0,
  });
  const parse = h.steps.parse({
    readChunks: ({ bytes }) =>
      readChunks({ ...input("guide.md"), bytes, key, contentType: "text/plain" }, chunking),
    limits: { objectBytes: 100_000, chunks: 100 },
  });
  const put = async (text: string | null) => {
    if (text === null) await h.documents.delete([key]);
    else h.documents.upload(key, text);
    await parse(look, first);
    await h.drain();
    return (await h.entry()).state;
  };
  const ask = async (query: string) => (await search({ query }, new AbortController().signal)).hits;
  return { put, ask, close: () => store.close() };
};

it("a document's parents are found by their chunks, are replaced with it, and go with it", async () => {
  const { put, ask, close } = await path();
  const paragraph = (bird: string) =>
    `The ${bird} rises in the warm column above the ridge every morning.\n\n` +
    `By noon each ${bird} has left the valley, and the keeper writes their number down.\n\n` +
    `鸢群在上升气流中盘旋,看守人记下${bird}的数目。太阳下山时它们离开山谷,第二天早晨又回来。`;
  expect(await put(paragraph("kite"))).toBe("ready");
  const [english, ...others] = await ask("keeper writes");
  expect(others).toEqual([]);
  expect(english?.text).toBe(paragraph("kite"));
  const [child] = english?.children ?? [];
  expect(child).toMatchObject({ id: english?.id });
  expect(english?.text.slice(child?.start, child?.end)).toContain("keeper writes");
  const [chinese] = await ask("气流");
  expect(chinese).toMatchObject({ text: paragraph("kite"), parentId: english?.parentId });
  expect(await put(paragraph("buzzard"))).toBe("ready");
  expect((await ask("keeper writes")).map(({ text }) => text)).toEqual([paragraph("buzzard")]);
  expect(await put(null)).toBe("deleted");
  expect(await ask("keeper writes")).toEqual([]);
  await close();
});
