import { describe, expect, it } from "vitest";
import type { PictureChunk } from "../../lib/chunk-row.ts";
import { bodyBytes } from "../../lib/message-body.ts";
import { maxMessageBytes } from "../../lib/messages.ts";
import { imagesName } from "../../lib/store/store.ts";
import { chunk, embedding, first, harness, imageEmbedding, key, lines, look } from "./harness.ts";

const never = new AbortController().signal;
const older = { ...imageEmbedding, identity: "00ff00ff00ff00ff" };
const today = imagesName("kettle", imageEmbedding.identity);

const pictureChunk = (ordinal: number, picture = "one"): PictureChunk => ({
  ...chunk(ordinal, { text: "a kite", modality: "image", contentHash: `hash of ${picture.slice(0, 20)}` }),
  picture: Buffer.from(picture).toString("base64"),
});

/** A line that begins with "picture" is a picture, the others are texts. */
const album: typeof lines = async (input) => {
  const { chunks, metadata } = await lines(input);
  const texts = chunks.filter(({ text }) => !text.startsWith("picture"));
  const pictures = chunks
    .filter(({ text }) => text.startsWith("picture"))
    .map(({ text }, index) => pictureChunk(texts.length + index, text));
  return { chunks: texts, pictures, metadata };
};

/** The steps as they are where there is an image model; `none`: where there is none. */
const setUp = () => {
  const h = harness();
  const parse = (images: typeof imageEmbedding | null, print = "f1") =>
    h.steps.parse({ readChunks: album, images, fingerprint: print })(look, first);
  const count = async (name: string) => ((await h.store.resolve(name)) === null ? 0 : h.store.count(name));
  /** Runs what is queued to its end; a function of another image model embeds. */
  const drain = async (images = imageEmbedding) => {
    const imageEmbedder = async () => ({
      ...images,
      embedPictures: async (pictures: readonly Uint8Array[]) =>
        Float32Array.from(pictures.flatMap(() => [0, 1, 0])),
    });
    // Whoever woke it has it parsed as it wants.
    h.queues.ingest.sent.splice(0);
    for (const message of h.queues.embed.sent.splice(0))
      await h.steps.embed(embedding.identity, { imageEmbedder })(message, first);
    await h.drain();
  };
  return {
    ...h,
    parse,
    count,
    drain,
    put: async (body: string, images: typeof imageEmbedding | null = imageEmbedding, print = "f1") => {
      h.documents.upload(key, body);
      await parse(images, print);
      await drain(images ?? undefined);
    },
    reconcile: (images: typeof imageEmbedding | null, print = "f1") =>
      h.steps.reconcile({ images, fingerprint: print })(never),
  };
};

describe("pictures of a document", () => {
  it("lie in a collection of their own, with vectors of the image model, and are part of the same run", async () => {
    const h = setUp();
    await h.put("text\npicture 1\npicture 2");
    const entry = await h.entry();
    expect(entry).toMatchObject({
      state: "ready",
      embedding: embedding.identity,
      imageEmbedding: imageEmbedding.identity,
      counts: { expected: 3, stored: 3, lowQuality: 0, dropped: 0, images: 2 },
    });
    expect(await h.texts()).toEqual(["text"]);
    const { rows } = await h.store.scan("kettle_images", { limit: 10 });
    expect(rows.map(({ ordinal, run, vector }) => [ordinal, run, [...vector]]).sort()).toEqual([
      [1, entry.run, [0, 1, 0]],
      [2, entry.run, [0, 1, 0]],
    ]);
    // By what they show: what is said of both is the same.
    expect(new Set(rows.map(({ duplicateGroup }) => duplicateGroup)).size).toBe(2);
    expect(rows.every((row) => !("picture" in row))).toBe(true);
  });

  it("the document is not ready before its pictures are stored", async () => {
    const h = setUp();
    h.documents.upload(key, "text\npicture");
    await h.parse(imageEmbedding);
    const [texts, pictures] = h.queues.embed.sent;
    expect(texts).toMatchObject({ version: 1, batches: 2 });
    expect(pictures).toMatchObject({ version: 3, batches: 2, target: "images" });
    h.queues.embed.sent.splice(1);
    await h.drain();
    expect(await h.entry()).toMatchObject({ state: "processing", served: null });
    h.queues.embed.sent.push(pictures!);
    await h.drain();
    expect(await h.entry()).toMatchObject({ state: "ready" });
  });

  it("are replaced with the document and go with it", async () => {
    const h = setUp();
    await h.put("text\npicture 1\npicture 2");
    await h.put("text\npicture 3");
    expect(await h.count(today)).toBe(1);
    await h.put("text only");
    expect(await h.count(today)).toBe(0);
    expect(await h.entry()).toMatchObject({ counts: { expected: 1, stored: 1 } });
    await h.put("text\npicture 1");
    await h.documents.delete([key]);
    await h.parse(imageEmbedding);
    expect([await h.count(today), await h.count(h.names.main)]).toEqual([0, 0]);
  });

  it("keep a document whose texts are all too poor", async () => {
    const h = setUp();
    await h.put("poor\npicture");
    expect(await h.entry()).toMatchObject({
      state: "ready",
      counts: { stored: 1, lowQuality: 1, images: 1 },
    });
  });

  it("get no vectors where there is no image model", async () => {
    const h = setUp();
    await h.put("text\npicture", null);
    expect(await h.entry()).toMatchObject({ state: "ready", imageEmbedding: null, counts: { expected: 1 } });
    expect((await h.store.collections()).map(({ name }) => name)).not.toContain(today);
  });

  it("fit into messages, as many as there is room for", async () => {
    const h = setUp();
    const large = Buffer.alloc(60_000, 7).toString("latin1");
    const pictures = Array.from({ length: 5 }, (_, i) => pictureChunk(1 + i, `${i}${large}`));
    h.documents.upload(key, "text");
    const read = async () => ({ chunks: [chunk(0)], pictures, metadata: {} });
    await h.steps.parse({ readChunks: read, images: imageEmbedding })(look, first);
    const sent = h.queues.embed.sent.filter(({ target }) => target === "images");
    expect(sent.map(({ chunks }) => chunks.length)).toEqual([2, 2, 1]);
    for (const message of sent) expect(bodyBytes(message)).toBeLessThan(maxMessageBytes);
  });

  it("a batch that was planned for another image model is left for a function of that model", async () => {
    const h = setUp();
    h.documents.upload(key, "text\npicture");
    await h.parse(older);
    const [, pictures] = h.queues.embed.sent;
    await expect(h.steps.embed()(pictures!, first)).rejects.toMatchObject({ code: "EMBEDDING_MISMATCH" });
  });
});

describe("a change of the image model", () => {
  const withOlder = async () => {
    const h = setUp();
    await h.put("text\npicture", older);
    return h;
  };

  it("keeps the alias until every document's pictures are in the new collection, then drops the old one", async () => {
    const h = await withOlder();
    const old = imagesName("kettle", older.identity);
    expect(await h.reconcile(imageEmbedding, "f2")).toMatchObject({
      outdated: 1,
      waiting: 1,
      alias: "waiting",
      dropped: [],
    });
    expect(await h.store.resolve("kettle_images")).toMatchObject({ name: old });
    h.documents.upload(key, "text\npicture");
    await h.parse(imageEmbedding, "f2");
    // The new run is under way: what search reads is still the old one's.
    expect(await h.reconcile(imageEmbedding, "f2")).toMatchObject({ waiting: 1, alias: "waiting" });
    await h.drain();
    expect([await h.count(old), await h.count(today)]).toEqual([1, 1]);
    expect(await h.reconcile(imageEmbedding, "f2")).toMatchObject({
      waiting: 0,
      alias: "swapped",
      dropped: [old],
    });
    expect(await h.store.resolve("kettle_images")).toMatchObject({ name: today });
    expect(await h.reconcile(imageEmbedding, "f2")).toMatchObject({ alias: "current", dropped: [] });
  });

  it("without an image model pictures stay for the day there is one again, and go with their documents", async () => {
    const h = setUp();
    await h.put("text\npicture");
    expect(await h.reconcile(null, "f2")).toMatchObject({ alias: "current", dropped: [], waiting: 0 });
    expect(await h.count(today)).toBe(1);
    await h.put("text\npicture", null, "f2");
    expect(await h.count(today)).toBe(0);
    expect(await h.reconcile(null, "f2")).toMatchObject({ dropped: [today] });
  });

  it("pictures that are lost are noticed, and their document is read again", async () => {
    const h = setUp();
    await h.put("text\npicture");
    await h.store.drop(today);
    expect(await h.reconcile(imageEmbedding)).toMatchObject({ woken: { incomplete: 1 } });
    await h.parse(imageEmbedding);
    await h.drain();
    expect(await h.count(today)).toBe(1);
    expect(await h.reconcile(imageEmbedding)).toMatchObject({ woken: { incomplete: 0 } });
  });

  it("pictures of documents that the ledger does not know are reported", async () => {
    const h = setUp();
    await h.put("text\npicture");
    const { rows } = await h.store.scan(today, { limit: 1 });
    await h.store.upsert(today, [{ ...rows[0]!, id: "x", documentId: "nobody's" }]);
    expect(await h.reconcile(imageEmbedding)).toMatchObject({
      unknownRows: 1,
      unknownDocuments: ["nobody's"],
    });
  });
});
