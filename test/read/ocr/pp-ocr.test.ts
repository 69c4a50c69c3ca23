import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { nativeGuard } from "../../../lib/embed/native-guard.ts";
import type { OcrLanguage, Raster } from "../../../lib/read/ocr/ocr.ts";
import { textOfLines } from "../../../lib/read/ocr/ocr-text.ts";
import { ppOcr } from "../../../lib/read/ocr/pp-ocr.ts";

const folder = join(import.meta.dirname, "../../fixtures/images");
const { signal } = new AbortController();

const raster = async (name: string, turn = 0): Promise<Raster> => {
  const { data, info } = await sharp(join(folder, name))
    .rotate(turn)
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
};

const ocrOf = (languages: readonly OcrLanguage[]) => ppOcr({ languages, threads: 1, guard: nativeGuard() });
const ocr = ocrOf(["en", "zh"]);
const read = async (picture: Raster) => textOfLines(await ocr.recognise(picture, signal));

describe("OCR", () => {
  test("English is read with its words parted, and how sure it is", async () => {
    const result = await read(await raster("tea-label.png"));
    expect(result?.text).toContain("White tea from Fuding. Steep 4 grams at 85 °C for three minutes");
    expect(result?.confidence).toBeGreaterThan(0.9);
    expect(result?.confidence).toBeLessThanOrEqual(1);
  });

  test("Chinese is read without spaces", async () => {
    const result = await read(await raster("notice-zh.webp"));
    expect(result?.text).toContain("观鸟须知");
    expect(result?.text).toContain("望远镜可在二号小屋免费借用");
  });

  test("a page that stands on its head is turned, and its lines' boxes lie in the picture as it was given", async () => {
    const upright = await ocr.recognise(await raster("tea-label.png"), signal);
    const picture = await raster("tea-label.png", 180);
    const turned = await ocr.recognise(picture, signal);
    expect(turned.map(({ text }) => text)).toEqual(upright.map(({ text }) => text));
    const [title, under] = [turned[0]?.box, upright[0]?.box];
    expect(title && under && Math.abs(picture.height - title.y - title.height - under.y)).toBeLessThan(4);
  });

  test("without Chinese among the languages no Chinese character is ever read", async () => {
    const lines = await ocrOf(["en"]).recognise(await raster("order-mixed.png"), signal);
    const text = lines.map((line) => line.text).join("\n");
    expect(text).toContain("CN-20418");
    expect(text).not.toMatch(/\p{Script=Han}/u);
  });

  test("a picture without text gives no lines", async () => {
    expect(await ocr.recognise(await raster("plumage.jpg"), signal)).toEqual([]);
  });

  test("a call whose caller is gone does nothing", async () => {
    const gone = AbortSignal.abort(new Error("gone"));
    await expect(ocr.recognise(await raster("tea-label.png"), gone)).rejects.toThrow("gone");
  });
});
