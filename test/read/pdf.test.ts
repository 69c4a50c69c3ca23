import { describe, expect, test } from "vitest";
import { unwrapLines } from "../../lib/read/unwrap.ts";
import { limits, read } from "./reading.ts";

const pages = async (name: string) => (await read(name)).blocks.map((block) => [block.page, block.text]);

describe("PDFs of different producers", () => {
  test("Typst: English and Chinese in embedded subsets, page by page", async () => {
    const document = await read("typst-guide.pdf");
    expect(document.type).toBe("pdf");
    expect(document.blocks.map((block) => block.page)).toEqual([1, 2, 3]);
    expect(document.blocks[0]?.text).toContain(
      "A kettle is a flock of kites circling in one rising column of air. The birds find the column",
    );
    expect(document.blocks[1]?.text).toContain("先升高的鸟为同伴标出气流的位置；它们不拍翅膀，只是转圈。");
    expect(document.blocks[2]?.text).toContain("Ridge 山脊 April 1,038");
    expect(document.metadata).toEqual({
      title: "Reading the thermals",
      author: "Kettle fixtures",
      language: "en",
      created: "2026-03-14T00:00:00.000Z",
      modified: "2026-03-14T00:00:00.000Z",
      pages: 3,
    });
  });

  test("groff and Ghostscript: lines that the margin parted are sentences again", async () => {
    const [first, second] = await pages("ghostscript-notice.pdf");
    expect(first?.[1]).toContain(
      "The station opens one hour after sunrise and closes when the last column of birds has crossed the strait.",
    );
    expect(second).toEqual([2, expect.stringContaining("Records are sent to the archive")]);
  });

  test("cairo: lines of a poem stay lines", async () => {
    expect(await pages("cairo-poem.pdf")).toEqual([
      [
        1,
        "The wind at noon\n正午的风\nKites rise where the valley narrows.\n山谷变窄的地方，鸢便升起来。\n影子从麦田上滑过，没有声音。",
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
    expect((await pages("owner-password.pdf")).length).toBe(3);
  });

  test("pages that are pictures among pages of text are counted, and page numbers stay", async () => {
    const document = await read("mixed.pdf");
    expect(document.blocks.map((block) => block.page)).toEqual([1, 2]);
    expect(document.metadata).toMatchObject({ pages: 3, pagesWithoutText: 1 });
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
