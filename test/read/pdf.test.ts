import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { nativeGuard } from "../../lib/embed/native-guard.ts";
import { ppOcr } from "../../lib/read/ocr/pp-ocr.ts";
import { withoutStretching } from "../../lib/read/pdf/justified.ts";
import { unwrapLines } from "../../lib/read/unwrap.ts";
import { limits, read, textOf } from "./reading.ts";

const pages = async (name: string) => (await read(name)).blocks.map((block) => [block.page, block.text]);

describe("PDFs of different producers", () => {
  test("Typst: English and Chinese in embedded subsets, page by page", async () => {
    const document = await read("typst-guide.pdf");
    expect(document.type).toBe("pdf");
    expect(document.blocks.map(({ page, kind, headings }) => [page, kind, ...headings])).toEqual([
      [1, "text", "Reading the thermals"],
      [1, "text", "Reading the thermals", "When the air rises"],
      [2, "text", "热气流的读法"],
      [2, "text", "热气流的读法", "什么时候起飞？"],
      [3, "text", "Counts by site"],
      [3, "table", "Counts by site"],
    ]);
    expect(document.blocks[0]?.text).toContain(
      "A kettle is a flock of kites circling in one rising column of air. The birds find the column",
    );
    expect(document.blocks[2]?.text).toContain("先升高的鸟为同伴标出气流的位置；它们不拍翅膀，只是转圈。");
    expect(document.blocks[5]).toMatchObject({
      header: "Site | Month | Birds",
      text: "Site | Month | Birds\nHarbour | March | 412\nRidge 山脊 | April | 1,038\nValley 山谷 | May | 67",
    });
    expect(document.metadata).toEqual({
      title: "Reading the thermals",
      author: "Kettle fixtures",
      language: "en",
      created: "2026-03-14T00:00:00.000Z",
      modified: "2026-03-14T00:00:00.000Z",
      pages: 3,
    });
  });

  test("Chromium: columns of justified lines, whose spaces are wide, one column after the other", async () => {
    const bytes = readFileSync(new URL("../fixtures/folder/survey.pdf", import.meta.url));
    const { blocks } = await read("survey.pdf", bytes);
    expect(blocks.map(({ page, kind, headings }) => [page, kind, headings.at(-1)])).toEqual([
      [1, "text", "Survey of the Skerry lights"],
      [1, "text", "The crossing"],
      [1, "text", "The towers"],
      [2, "text", "Lamps and lenses"],
      [2, "text", "Signals in fog"],
      [2, "table", "Signals in fog"],
      [3, "text", "Birds at the glass"],
      [3, "text", "What should be done"],
    ]);
    expect(blocks[1]?.text).toContain("on the second of May with four men, a theodolite and rope");
  });

  test("LibreOffice: bullets, which are characters of a font of symbols", async () => {
    const bytes = readFileSync(new URL("../fixtures/folder/volcano.pdf", import.meta.url));
    expect(textOf(await read("volcano.pdf", bytes))).toContain("• Goats leave the upper pasture.");
  });

  test("groff and Ghostscript: lines that the margin parted are sentences again", async () => {
    const [, first, , , second] = await pages("ghostscript-notice.pdf");
    expect(first?.[1]).toContain(
      "The station opens one hour after sunrise and closes when the last column of birds has crossed the strait.",
    );
    expect(second).toEqual([2, expect.stringContaining("Records are sent to the archive")]);
  });

  test("cairo: lines of a poem stay lines", async () => {
    expect(await pages("cairo-poem.pdf")).toEqual([
      [
        1,
        "The wind at noon\n正午的风\n\nKites rise where the valley narrows.\n山谷变窄的地方，鸢便升起来。\n影子从麦田上滑过，没有声音。",
      ],
    ]);
  });

  test("ReportLab: Chinese, Japanese and Korean in fonts that are not embedded", async () => {
    const document = await read("reportlab-cmap.pdf");
    expect(document.blocks.map((block) => block.text)).toEqual([
      "观测守则\n每小时记录一次鸟的数量和飞行高度。\n雷雨来临之前必须离开山脊。",
      "観測の規則\n毎時、鳥の数と高さを記録する。",
      "관측 규칙\n매시간 새의 수를 기록한다.",
    ]);
    expect(document.metadata).toMatchObject({ title: "观测守则", author: "港口观测站" });
  });

  test("a password only against changes does not keep anyone from reading", async () => {
    expect((await pages("owner-password.pdf")).map(([page]) => page)).toEqual([1, 1, 2, 2, 3, 3]);
  });

  test("pages that are pictures among pages of text are counted, and page numbers stay", async () => {
    const document = await read("mixed.pdf");
    expect(new Set(document.blocks.map((block) => block.page))).toEqual(new Set([1, 2]));
    expect(document.metadata).toMatchObject({ pages: 3, pagesWithoutText: 1 });
    expect(document.notes).toEqual([expect.stringContaining("embedding.images.ocrLanguages")]);
  });

  test("the caller keeps the bytes", async () => {
    const { input } = await import("./reading.ts");
    const { readDocument } = await import("../../lib/read/read.ts");
    const given = input("typst-guide.pdf");
    const size = given.bytes.length;
    await readDocument(given);
    expect(given.bytes.length).toBe(size);
  });

  test("reading stops between pages when its time is over", async () => {
    await expect(
      read("typst-guide.pdf", undefined, { limits: { ...limits, seconds: 0 } }),
    ).rejects.toMatchObject({ code: "PARSE_TIMEOUT" });
  });
});

describe("the way people read a page", () => {
  test("Chromium: a title over two columns, each read to its end, and characters instead of radicals", async () => {
    const { blocks } = await read("chromium-columns.pdf");
    expect(blocks.map(({ headings }) => headings.at(-1))).toEqual([
      "夜鹰夜航记 Night flights",
      "一、方法",
      "二、结果",
      "三、讨论",
    ]);
    // The column ends inside this sentence.
    expect(blocks[2]?.text).toContain(
      "六月的数目最大，八月以后几乎没有了。风从北边来的时候，鸟群贴着水面飞，常常在灯光之下穿过。",
    );
    // Indented lines are paragraphs of their own.
    expect(blocks[1]?.text.split("\n").map((line) => line.slice(0, 4))).toEqual([
      "一、方法",
      "每个晴朗",
      "起雾的夜",
    ]);
  });

  test("groff: bold lines are headings by their numbers; a running head stays once, page numbers go", async () => {
    const document = await read("groff-handbook.pdf");
    expect(document.blocks.map(({ page, headings }) => [page, ...headings.slice(1)])).toEqual([
      [1],
      [1, "1. The watch"],
      [1, "1. The watch", "1.1. Signals at night"],
      [2, "1. The watch", "1.1. Signals at night"],
      [2, "2. Moorings"],
      [2, "2. Moorings"],
      [2, "2. Moorings"],
      [3, "3. Weather"],
      [4, "4. Letters"],
    ]);
    expect(document.blocks.map((block) => block.header).filter(Boolean)).toEqual([
      "Mooring | Depth in metres | Largest ship",
    ]);
    const text = textOf(document);
    expect(text.match(/Harbour handbook/g)).toHaveLength(1);
    expect(text).not.toContain("Page ");
    expect(text).toContain(
      "A mistake is struck through once, initialled, and written again below, because a log without mistakes is a log",
    );
  });
});

describe("pages that are pictures", () => {
  const ocr = ppOcr({ languages: ["en", "zh"], threads: 1, guard: nativeGuard() });

  test("a scan in black and white is read column by column, and says how sure it is", async () => {
    const seen: number[] = [];
    const document = await read("scan-columns.pdf", undefined, { ocr, onPage: (page) => seen.push(page) });
    expect(document.blocks).toHaveLength(1);
    expect(document.blocks[0]?.confidence).toBeGreaterThan(0.9);
    expect(document.blocks[0]?.text).toContain(
      "看的人只报数目和方向，不作解释；写的人把时间记到分钟。\n着水面飞，常常在灯光之下穿过。\n满月前后三天的数目只有平常的一半",
    );
    expect(document.metadata).toMatchObject({ pages: 1, pagesByOcr: 1 });
    expect(seen).toEqual([1]);
  });

  test("only those are read by OCR; their text is cited to their page", async () => {
    const document = await read("mixed.pdf", undefined, { ocr });
    expect(document.blocks.at(-1)).toMatchObject({ page: 3, text: "This page is a picture of text." });
    expect(document.metadata).toMatchObject({ pages: 3, pagesByOcr: 1 });
    expect(document.metadata).not.toHaveProperty("pagesWithoutText");
  });

  test("with OCR off, a document of pictures says what to set", async () => {
    await expect(read("image-only.pdf")).rejects.toMatchObject({
      code: "NEEDS_OCR",
      message: expect.stringContaining("embedding.images.ocrLanguages"),
    });
  });

  test("a picture with more pixels than allowed is not decoded", async () => {
    const small = { ...limits, pixels: 1_000 };
    await expect(read("image-only.pdf", undefined, { ocr, limits: small })).rejects.toMatchObject({
      code: "NEEDS_OCR",
    });
  });
});

describe("lines that only the margin parted", () => {
  const wide = "a line of text that goes on until the margin ends it";
  test.each([
    ["are joined with a space", `${wide}\nand goes on`, `${wide} and goes on`],
    ["lose the hyphen of typesetting", `${wide} exam-\nple follows`, `${wide} example follows`],
    ["are joined without a space in Chinese", `${"鸢".repeat(30)}群\n在`, `${"鸢".repeat(30)}群在`],
    ["stay after the end of a sentence", `${wide}.\nNext`, `${wide}.\nNext`],
    ["stay after a short line", `${wide}\nshort\nnext`, `${wide} short\nnext`],
    ["stay in narrow text", "one two\nthree four", "one two\nthree four"],
    ["stay before a blank line", `${wide}\n\nnext`, `${wide}\n\nnext`],
  ])("%s", (_, text, joined) => {
    expect(unwrapLines(text)).toBe(joined);
  });
});

describe("lines with wide spaces", () => {
  const row = (words: readonly (readonly [text: string, width: number])[], gaps: readonly number[]) => {
    let x = 40;
    return words.map(([text, width], at) => {
      const run = { text, x, right: x + width, y: 100, size: 10, font: "f" };
      x += width + (gaps[at] ?? 0);
      return run;
    });
  };
  const words = [
    ["second", 26],
    ["of", 8],
    ["May", 17],
    ["with", 16],
  ] as const;
  const texts = (runs: ReturnType<typeof row>) => withoutStretching(runs).map(({ text }) => text);

  test("are one run when the spaces are of one width", () => {
    expect(texts(row(words, [9, 9.3, 8.8]))).toEqual(["second of May with"]);
    expect(withoutStretching(row(words, [9, 9, 9]))).toMatchObject([{ x: 40, right: 134, y: 100 }]);
  });

  test.each([
    ["whose gaps differ", row(words, [9, 14, 9])],
    ["of three cells", row(words.slice(0, 3), [9, 9])],
    [
      "of numbers of one width",
      row(
        ["12", "34", "56", "78"].map((text) => [text, 11] as const),
        [9, 9, 9],
      ),
    ],
    ["with gaps as between columns", row(words, [20, 20, 20])],
    ["with cells of several words", row([["two words", 40], ...words], [9, 9, 9, 9]).slice(0, 4)],
  ])("stay cells in rows %s", (_, runs) => {
    expect(texts(runs)).toEqual(runs.map(({ text }) => text));
  });
});
