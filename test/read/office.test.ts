import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { docxFiles, makeZip, odfFiles, xlsxFiles } from "./make-zip.ts";
import { read, textOf } from "./reading.ts";

/** Files of the folder, made by the programs people use. */
const folder = (name: string) =>
  read(name, readFileSync(new URL(`../fixtures/folder/${name}`, import.meta.url)));

const paths = ({ blocks }: Awaited<ReturnType<typeof read>>) =>
  blocks.map(({ kind, page, headings }) => [kind, page, headings.join("/")]);

const word = (body: string) => read("a.docx", makeZip(docxFiles(body)));
const run = (text: string, properties = ""): string =>
  `<w:r><w:rPr>${properties}</w:rPr><w:t>${text}</w:t></w:r>`;
const sheet = (rows: string, strings = "") => read("a.xlsx", makeZip(xlsxFiles(rows, strings)));
const cell = (at: string, text: string): string => `<c r="${at}" t="inlineStr"><is><t>${text}</t></is></c>`;

describe("word processors", () => {
  test("Word: headings are a path, a table has its header, a note follows its paragraph", async () => {
    const document = await folder("handbook.docx");
    expect(paths(document)).toEqual([
      ["text", null, "Harbour station handbook"],
      ["text", null, "Arrival"],
      ["text", null, "Night watch"],
      ["text", null, "Night watch/Relief of the watch"],
      ["text", null, "Night watch/Fog signals"],
      ["table", null, "Night watch/Fog signals"],
      ["text", null, "Provisions"],
    ]);
    expect(document.blocks[3]?.text).toMatch(/brass key\.\n\nNote: The brass key opens only the lamp room/);
    expect(document.blocks[5]?.header).toBe("Signal | Blasts | Interval");
    expect(document.metadata).toMatchObject({
      title: "Harbour station handbook",
      author: "Ines Calder",
      language: "en",
    });
  });

  test.each(["合同.docx", "合同.odt"])(
    "%s: comments are read, deleted and hidden text is not",
    async (name) => {
      const document = await folder(name);
      expect(document.metadata).toMatchObject({ title: "船坞租赁合同", author: "陈立" });
      expect(paths(document)).toEqual([
        ["text", null, "第一条 租期"],
        ["text", null, "第二条 租金"],
        ["text", null, "第二条 租金/滞纳金"],
        ["table", null, "第二条 租金/滞纳金"],
        ["text", null, "第二条 租金/滞纳金"],
      ]);
      expect(textOf(document)).toMatch(/Comment.*: 续租条款需要董事会同意。/);
      expect(textOf(document)).not.toMatch(/旧租金|忽略以上/);
    },
  );

  test("rich text of LibreOffice: headings by outline level, notes, tables, Chinese", async () => {
    const document = await folder("letter.rtf");
    expect(paths(document)).toEqual([
      ["text", null, "Grafting"],
      ["text", null, "果园的消息"],
      ["table", null, "果园的消息"],
      ["text", null, "果园的消息"],
    ]);
    expect(textOf(document)).toContain("Note: Hawthorn bears wet feet");
    expect(document.blocks[2]?.header).toBe("Tree | Age");
  });

  test.each([
    [
      "characters of two bytes, the second a letter",
      "{\\rtf1\\ansi\\ansicpg936 \\'b1\\'b1\\'8aA\\par}",
      "北夾".slice(0, 1),
    ],
    ["characters by number with a fallback", "{\\rtf1\\ansi\\uc1 caf\\u233? \\u40482?\\par}", "café 鸢"],
    [
      "the code page of a font",
      "{\\rtf1\\ansi{\\fonttbl{\\f1\\fcharset204 Arial;}}\\f1 \\'ea\\'ee\\'f8\\'ea\\'e0\\par}",
      "кошка",
    ],
    ["hidden text is left out", "{\\rtf1 seen{\\v unseen} again\\par}", "seen again"],
    ["binary data is passed over", "{\\rtf1 a{\\pict\\bin5 }}}}}b}c\\par}", "ac"],
  ])("rich text: %s", async (_, source, text) => {
    expect(textOf(await read("a.rtf", source))).toContain(text);
  });

  test("Word: a text box is read once, hidden runs and field codes never", async () => {
    const box = `<mc:AlternateContent xmlns:mc="mc"><mc:Choice><w:p>${run("box")}</w:p></mc:Choice><mc:Fallback><w:p>${run("box")}</w:p></mc:Fallback></mc:AlternateContent>`;
    const document = await word(
      `<w:p>${run("a")}${run("hidden", "<w:vanish/>")}${run("b", '<w:vanish w:val="0"/>')}<w:r><w:instrText>PAGE</w:instrText></w:r></w:p><w:p>${box}</w:p>`,
    );
    expect(textOf(document)).toBe("ab\n\nbox");
  });

  test("Word: a table in a cell is text of the cell; merged cells keep the columns", async () => {
    const td = (inside: string, span = ""): string => `<w:tc><w:tcPr>${span}</w:tcPr>${inside}</w:tc>`;
    const p = (text: string): string => `<w:p>${run(text)}</w:p>`;
    const inner = `<w:tbl><w:tr>${td(p("x"))}${td(p("y"))}</w:tr></w:tbl>`;
    const { blocks } = await word(
      `<w:tbl><w:tr>${td(p("A"))}${td(p("B"))}${td(p("C"))}</w:tr><w:tr>${td(p("1"), '<w:gridSpan w:val="2"/>')}${td(inner)}</w:tr></w:tbl>`,
    );
    expect(blocks).toMatchObject([{ kind: "table", header: "A | B | C", text: "A | B | C\n1 |  | x | y" }]);
  });
});

describe("presentations", () => {
  test.each(["火山.pptx", "volcano.odp"])(
    "%s: a slide is a page, its title the heading; notes are read",
    async (name) => {
      const document = await folder(name);
      expect(paths(document)).toEqual([
        ["text", 1, "Warning signs"],
        ["text", 2, "撤离路线"],
      ]);
      expect(document.blocks[0]?.text).toMatch(/Notes: Tell the story of the shepherd/);
    },
  );

  test("a table on a slide has its header", async () => {
    const { blocks } = await folder("violins.pptx");
    expect(blocks.at(-1)).toMatchObject({
      kind: "table",
      page: 3,
      header: "Layer | Resin | Days to dry",
      headings: ["Varnish"],
    });
  });
});

describe("spreadsheets", () => {
  test("a sheet is a page, its name the heading; dates and shares are as shown; hidden sheets say so", async () => {
    const document = await folder("stock.xlsx");
    expect(paths(document)).toEqual([
      ["text", 1, "Instruments"],
      ["table", 1, "Instruments"],
      ["table", 2, "报废清单"],
      ["table", 3, "Codes (hidden sheet)"],
    ]);
    expect(document.blocks[1]?.text.split("\n")).toEqual([
      "Instrument | Serviced | Wear | Shelf",
      "Meridian telescope eyepiece | 2025-11-30 | 12.5% | 14",
      "Mercury barometer | 2026-02-03 | 40% | 3",
    ]);
  });

  test("every block of a long sheet has its header", async () => {
    const rows = Array.from(
      { length: 700 },
      (_, i) => `<row r="${i + 2}">${cell(`A${i + 2}`, `Site ${i}`)}<c r="B${i + 2}"><v>${i}</v></c></row>`,
    );
    const { blocks } = await sheet(
      `<row r="1">${cell("A1", "Site")}${cell("B1", "Birds")}</row>${rows.join("")}`,
    );
    expect(blocks.length).toBeGreaterThan(2);
    for (const block of blocks) expect(block.text.startsWith("Site | Birds\n")).toBe(true);
  });

  test("a new header after an empty row begins a new table", async () => {
    const { blocks } = await sheet(
      `<row r="1">${cell("A1", "Site")}${cell("B1", "Birds")}</row><row r="2">${cell("A2", "Ridge")}<c r="B2"><v>4</v></c></row>` +
        `<row r="4">${cell("A4", "Tool")}${cell("B4", "Shelf")}</row><row r="5">${cell("A5", "Rake")}<c r="B5"><v>9</v></c></row>`,
    );
    expect(blocks.map(({ text }) => text)).toEqual(["Site | Birds\nRidge | 4", "Tool | Shelf\nRake | 9"]);
  });

  test("shared texts of several runs are whole, readings of characters are left out", async () => {
    const strings = "<si><r><t>Ki</t></r><r><t>tes</t></r></si><si><t>鸢</t><rPh><t>トビ</t></rPh></si>";
    const { blocks } = await sheet('<row r="1"><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>', strings);
    expect(textOf({ blocks })).toBe("Kites | 鸢");
  });

  test("a repeated cell of an OpenDocument sheet stands as often as it is shown", async () => {
    const body =
      '<table:table table:name="One"><table:table-row><table:table-cell table:number-columns-repeated="2"><text:p>x</text:p></table:table-cell><table:table-cell table:number-columns-repeated="16382"/></table:table-row><table:table-row table:number-rows-repeated="1048575"><table:table-cell table:number-columns-repeated="16384"/></table:table-row></table:table>';
    expect(textOf(await read("a.ods", makeZip(odfFiles("spreadsheet", body))))).toBe("x | x");
  });
});

describe("books, messages, archives", () => {
  test("EPUB: chapters in order under their headings; title, author and language", async () => {
    const document = await folder("书店.epub");
    expect(document.blocks.map(({ headings }) => headings.join("/"))).toEqual([
      "山谷书店",
      "第一章 雨天",
      "第二章 来信",
    ]);
    expect(document.metadata).toMatchObject({ title: "山谷书店", author: "林晓岚", language: "zh" });
  });

  test("e-mail: the subject is the heading, what is quoted stands apart, people are metadata", async () => {
    const { blocks, metadata } = await folder("ice.eml");
    expect(blocks.map(({ headings, text }) => [headings.join("/"), text.split("\n")[0]])).toEqual([
      ["Ice on the canal", "Ice on the canal"],
      [
        "Ice on the canal",
        "The ice at the second bridge carries a sleigh since Monday; it measured fourteen centimetres.",
      ],
      ["Ice on the canal/Quoted", "On Mon, 12 Jan 2026 Anna Lind wrote:"],
    ]);
    expect(metadata).toMatchObject({
      title: "Ice on the canal",
      author: "Piet Vos <piet@example.org>",
      to: ["Anna Lind <anna@example.org>"],
    });
  });

  test("e-mail: attachments are read by their own readers, with their name, page and headings", async () => {
    const document = await folder("auction.eml");
    expect(paths(document)).toContainEqual(["table", 1, "Papers for the auction/rota.xlsx/rota.csv"]);
    expect(paths(document)).toContainEqual(["text", null, "Papers for the auction/proposal.odt/Planting"]);
    expect(document.metadata.attachments).toEqual(["rota.xlsx", "proposal.odt", "inventory.txt"]);
  });

  test("archives: a path before the headings, archives inside included; names of older programs are readable", async () => {
    const { blocks, metadata } = await folder("field-notes.zip");
    expect(blocks.map(({ headings }) => headings.join("/"))).toEqual([
      "lamps/post-44.md/Lamp post 44",
      "kilns.zip/deep/kiln.txt",
      "lamps/counts.csv",
    ]);
    expect(metadata).toMatchObject({ unreadFiles: 1, unread: ["lamps/broken.docx (CORRUPT_DOCUMENT)"] });
    expect((await folder("渡口.zip")).blocks[0]?.headings).toEqual(["记录/渡口.txt"]);
  });
});

describe("pages, XML, programs", () => {
  test("HTML: menus, banners, side bars and imprints are left out where no element says so", async () => {
    const document = await folder("news-site.html");
    expect(paths(document)).toEqual([
      ["text", null, "Glass-blowers return to the old mill"],
      ["text", null, "Glass-blowers return to the old mill/What they make"],
      ["table", null, "Glass-blowers return to the old mill/What they make"],
    ]);
    expect(textOf(document)).not.toMatch(/cookies|Sport|Most read|Goat|Imprint/);
  });

  test("HTML: a part named like a menu that holds most of the text is the text", async () => {
    const page = `<html><body><div class="menu"><p>${"Soup of the day. ".repeat(20)}</p></div><p>Open daily.</p></body></html>`;
    expect(textOf(await read("a.html", page))).toMatch(/Soup of the day[\s\S]*Open daily/);
  });

  test("XML: titles are headings, records are blocks, mixed text is one line", async () => {
    expect(paths(await folder("stone-walls.xml")).map(([, , path]) => path)).toEqual([
      "Guide to dry stone walls",
      "Footings",
      "Through stones",
    ]);
    const records =
      '<?xml version="1.0"?><birds><bird id="1"><name>Kite</name><call>a <b>thin</b> whistle</call></bird><bird id="2"><name>Rook</name></bird></birds>';
    expect((await read("a.xml", records)).blocks.map(({ text }) => text)).toEqual([
      "bird@id: 1\nbird.name: Kite\nbird.call: a thin whistle",
      "bird@id: 2\nbird.name: Rook",
    ]);
  });

  test("a notebook: headings of its Markdown, programs as code", async () => {
    expect(paths(await folder("eels.ipynb"))[0]).toEqual(["text", null, "Migration of eels"]);
    const cells = [
      { cell_type: "markdown", source: ["# Counts\n", "by month"] },
      { cell_type: "code", source: "print(1)", outputs: [{ text: "1" }] },
    ];
    const { blocks, type } = await read("a.ipynb", JSON.stringify({ cells, nbformat: 4 }));
    expect(type).toBe("ipynb");
    expect(blocks.map(({ kind, text }) => [kind, text])).toEqual([
      ["text", "# Counts\n\nby month"],
      ["code", "```\nprint(1)\n```"],
    ]);
    await expect(read("b.ipynb", '{"a": 1}')).rejects.toMatchObject({ code: "CORRUPT_DOCUMENT" });
  });

  test("source code is cut at definitions, with the comments above them", async () => {
    const { blocks, metadata } = await folder("sensor.py");
    expect(blocks.map(({ headings }) => headings)).toEqual([[], ["SoilProbe"], ["should_irrigate"]]);
    expect(blocks[2]?.text).toMatch(/^# Irrigation starts only/);
    expect(metadata).toEqual({ programmingLanguage: "Python" });
  });
});
