import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { nativeGuard } from "../../lib/embed/native-guard.ts";
import { ppOcr } from "../../lib/read/ocr/pp-ocr.ts";
import type { ReadInput } from "../../lib/read/reader.ts";
import { makeZip } from "./make-zip.ts";
import { limits, read, textOf } from "./reading.ts";

const folder = join(import.meta.dirname, "../fixtures/images");
const bytesOf = (name: string): Buffer => readFileSync(join(folder, name));
const ocr = ppOcr({ languages: ["en", "zh"], threads: 1, guard: nativeGuard() });
const readImage = (name: string, over: Partial<ReadInput> = {}) =>
  read(name, bytesOf(name), { ocr, ...over });

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});
const pngPart = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type), data]);
  let crc = 0xffffffff;
  for (const byte of body) crc = (crcTable[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
  return Buffer.concat([length, body, check]);
};
/** A picture of nothing but one bit a pixel, which packs a thousand times. */
const hugePng = (side: number): Buffer => {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([1, 0, 0, 0, 0], 8);
  const mark = Buffer.from("89504e470d0a1a0a", "hex");
  const data = deflateSync(Buffer.alloc(1_000_000));
  return Buffer.concat([
    mark,
    pngPart("IHDR", head),
    pngPart("IDAT", data),
    pngPart("IEND", Buffer.alloc(0)),
  ]);
};

describe("pictures", () => {
  test.each([
    ["tea-label.png", "White tea from Fuding", null],
    ["notice-zh.webp", "望远镜可在二号小屋免费借用", null],
    ["order-mixed.png", "订单已发货，共3箱铁观音", null],
    ["minutes.tiff", "The bridle workshop moves to the old boathouse", 1],
    ["minutes.tiff", "潍坊风筝节的展品", 2],
    ["slides.gif", "Thermals rise where the ground is dark", 1],
    ["slides.gif", "秋季迁徙在九月达到高峰", 2],
    ["sideways.jpg", "the second infusion takes forty seconds more", null],
  ])("%s: %s is cited to page %s, with OCR's confidence", async (name, words, page) => {
    const { blocks, type } = await readImage(name);
    const block = blocks.find(({ text }) => text.replace(/\s+/g, " ").includes(words));
    expect(block?.page).toBe(page);
    expect(block?.confidence).toBeGreaterThan(0.85);
    expect(type).toBe("image");
  });

  test("EXIF gives title, camera and date, and the size as the picture is seen; the place only when asked for", async () => {
    const { metadata } = await readImage("sideways.jpg");
    expect(metadata).toEqual({
      title: "Label of a tea tin",
      camera: "Kestrel KX-100",
      created: "2024-05-06T07:08:09.000Z",
      width: 620,
      height: 190,
    });
    const asked = await readImage("sideways.jpg", { gps: true });
    expect(asked.metadata).toMatchObject({ latitude: 30.25, longitude: 120.166667 });
  });

  test("one without text becomes a block of its name and EXIF, and says so", async () => {
    const { blocks, noText, notes } = await readImage("plumage.jpg");
    expect(textOf({ blocks })).toContain("plumage\nRed kite over the pass");
    expect(noText).toBe(true);
    expect(notes).toEqual([expect.stringContaining("no text was found")]);
  });

  test("with OCR off text is not looked for, and a note says how to have it", async () => {
    const { noText, notes } = await readImage("tea-label.png", { ocr: null });
    expect(noText).toBe(true);
    expect(notes).toEqual([expect.stringContaining("embedding.images.ocrLanguages")]);
  });

  test("inside archives in archives its note is handed up with its path", async () => {
    const inner = makeZip([{ name: "图/tea-label.png", content: bytesOf("tea-label.png") }]);
    const outer = makeZip([
      { name: "labels.zip", content: inner },
      { name: "read-me.txt", content: "Labels of the spring harvest." },
    ]);
    const { notes } = await read("harvest.zip", outer, { ocr: null });
    expect(notes).toEqual([
      expect.stringMatching(/^labels\.zip: 图\/tea-label\.png: .*embedding\.images\.ocrLanguages/),
    ]);
  });

  test("where there is an image model each page is a picture, too, told by name, title and its text", async () => {
    const { pictures = [], notes } = await readImage("minutes.tiff", { pictures: { side: 224, left: 10 } });
    expect(pictures.map(({ page, text }) => [page, text.split("\n")[0]])).toEqual([
      [1, "minutes"],
      [2, "minutes"],
    ]);
    expect(pictures[0]?.text).toContain("The bridle workshop moves to the old boathouse");
    expect(pictures[1]?.text).toContain("潍坊风筝节的展品");
    for (const { jpeg } of pictures)
      expect(await sharp(jpeg).metadata()).toMatchObject({ format: "jpeg", width: 224, height: 224 });
    expect(notes).toEqual([]);
    const photo = await readImage("plumage.jpg", { pictures: { side: 224, left: 10 } });
    expect(photo).toMatchObject({ noText: true, notes: [] });
    expect(photo.pictures).toMatchObject([{ page: null, text: photo.blocks[0]?.text }]);
    expect((await readImage("plumage.jpg")).pictures).toEqual([]);
  });

  test("no more pictures are taken of a document than asked for, and a note says so; files inside share the bound", async () => {
    const few = { side: 224, left: 3 };
    const file = (name: string) => ({ name, content: bytesOf(name) });
    const album = makeZip([file("plumage.jpg"), file("minutes.tiff"), file("slides.gif")]);
    const { pictures = [], notes = [] } = await read("album.zip", album, { ocr: null, pictures: few });
    expect(pictures.map(({ headings, page }) => [headings, page])).toEqual([
      [["plumage.jpg"], null],
      [["minutes.tiff"], 1],
      [["minutes.tiff"], 2],
    ]);
    expect(notes.at(-1)).toBe(
      "slides.gif: 2 of its pictures are not found by what they show: embedding.images.most is reached",
    );
  });

  test("progress is told by page", async () => {
    const heard: string[] = [];
    await readImage("minutes.tiff", { onPage: (done, total) => heard.push(`${done}/${total}`) });
    expect(heard).toEqual(["1/2", "2/2"]);
  });
});

describe("pictures that cannot be read", () => {
  test("60,000 × 60,000 pixels are refused by the header alone", async () => {
    const before = process.memoryUsage().rss;
    await expect(read("bomb.png", hugePng(60_000), { ocr })).rejects.toMatchObject({
      code: "DOCUMENT_TOO_LARGE",
      message: "bomb.png: has 60000 × 60000 pixels; limits.pixels is 20000000",
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  test.each([
    ["cut off", () => bytesOf("sideways.jpg").subarray(0, 4_000)],
    ["with a header and no pixels", () => bytesOf("tea-label.png").subarray(0, 60)],
    ["smaller than it says", () => hugePng(4_000)],
  ])("one %s is corrupt, with OCR and without", async (_, make) => {
    for (const each of [ocr, null])
      await expect(read("broken.png", make(), { ocr: each })).rejects.toMatchObject({
        code: "CORRUPT_DOCUMENT",
      });
  });

  test("more frames than limits.pages are refused", async () => {
    await expect(readImage("slides.gif", { limits: { ...limits, pages: 1 } })).rejects.toMatchObject({
      code: "DOCUMENT_TOO_LARGE",
      message: "slides.gif: has 2 pages; limits.pages is 1",
    });
  });

  test("AVIF is read, HEIC that libvips has no decoder for says what to do", async () => {
    const avif = await sharp(bytesOf("tea-label.png")).avif({ quality: 60 }).toBuffer();
    expect(textOf(await read("label.avif", avif, { ocr }))).toContain("Fuding");
  });
});
