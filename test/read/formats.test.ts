import { describe, expect, test } from "vitest";
import { readers } from "../../lib/read/registry.ts";
import { read, textOf } from "./reading.ts";

test("every reader has a version for the fingerprint", () => {
  for (const reader of Object.values(readers)) expect(reader.version).toBeGreaterThan(0);
});

describe("Markdown", () => {
  test("headings of both styles are a path, and their text stays", async () => {
    const { blocks, type } = await read("guide.md");
    expect(type).toBe("md");
    expect(blocks.map((block) => [block.kind, block.headings.join("/")])).toEqual([
      ["text", "Watching kites"],
      ["text", "Watching kites/Where to stand"],
      ["code", "Watching kites/Where to stand"],
      ["text", "Watching kites/Where to stand/Counts"],
      ["table", "Watching kites/Where to stand/Counts"],
      ["text", "Watching kites/观测地点"],
    ]);
    expect(blocks[1]?.text).toMatch(/^## Where to stand\n\nStand where/);
  });

  test("front matter is metadata, not text", async () => {
    const document = await read("guide.md");
    expect(document.metadata).toEqual({
      title: "Watching kites",
      author: "Harbour station",
      tags: ["kites", "thermals"],
      date: "2026-03-14",
    });
    expect(textOf(document)).not.toContain("author");
  });

  test("code between fences is kept as it stands; what looks like a heading there is none", async () => {
    const { blocks } = await read("guide.md");
    expect(blocks[2]?.text).toBe("```sh\n# this is no heading\nkettle ingest ./notes\n```");
  });

  test("a table is a block with its header, escaped bars kept", async () => {
    const { blocks } = await read("guide.md");
    expect(blocks[4]).toMatchObject({
      header: "Site | Month | Birds",
      text: "Site | Month | Birds\nHarbour | March | 412\nRidge | 山脊 | April | 1038",
    });
  });

  test.each([
    ["a fence that never closes", "# A\n\n```\ncode\n# not a heading", ["A"]],
    ["a rule is not a heading", "# A\n\n---\n\ntext", ["A"]],
    ["closing marks are not part of the title", "## B ##\n\ntext", ["B"]],
    ["emphasis and links are not part of the title", "# **C** and [d](x)\n\ntext", ["C and d"]],
    ["a shebang of hashes without a space is text", "#hashtag\n\ntext", []],
  ])("%s", async (_, source, headings) => {
    const { blocks } = await read("a.md", source);
    expect(blocks.at(-1)?.headings).toEqual(headings);
  });

  test("what is no valid front matter stays text", async () => {
    const document = await read("a.md", "---\n: [unclosed\n---\nKites");
    expect(textOf(document)).toContain("[unclosed");
  });

  test("front matter that unfolds aliases without end is not unfolded", async () => {
    const bomb = ["a: &a [x,x,x,x,x,x,x,x,x]"];
    for (const [name, of] of ["ba", "cb", "dc", "ed", "fe", "gf", "hg"])
      bomb.push(`${name}: &${name} [${Array(9).fill(`*${of}`).join(",")}]`);
    const document = await read("a.md", `---\n${bomb.join("\n")}\n---\nKites`);
    expect(textOf(document)).toContain("Kites");
  });
});

describe("HTML", () => {
  test("main text under its headings; navigation, scripts, styles and the imprint are dropped", async () => {
    const document = await read("article.html");
    expect(document.type).toBe("html");
    expect(document.blocks.map((block) => [block.kind, block.headings.join("/")])).toEqual([
      ["text", "鸢与气流"],
      ["text", "鸢与气流/Counts by site"],
      ["table", "鸢与气流/Counts by site"],
      ["text", "鸢与气流/Counts by site"],
      ["code", "鸢与气流/Counts by site"],
    ]);
    expect(textOf(document)).not.toMatch(/About us|secret|color|Turn on scripts|Imprint/);
    expect(document.blocks[0]?.text).toBe("鸢与气流\n\n鸢群在同一股上升气流中盘旋。\n它们不拍翅膀。");
    expect(document.blocks[1]?.text).toContain("Harbour and ridge are counted daily.");
  });

  test("title, author and language are metadata", async () => {
    expect((await read("article.html")).metadata).toEqual({
      title: "鸢与气流 Kites and air",
      author: "港口观测站",
      language: "zh-CN",
    });
  });

  test("a table keeps its header; code keeps its spaces", async () => {
    const { blocks } = await read("article.html");
    expect(blocks[2]).toMatchObject({
      header: "Site | Month | Birds",
      text: "Site | Month | Birds\nHarbour | March | 412\nRidge 山脊 | April | 1038",
    });
    expect(blocks[4]?.text).toBe("count --site harbour\n  --month march");
  });

  test("a table that only arranges the page is read as text", async () => {
    const layout =
      "<table><tr><td><h2>Left</h2><p>One</p></td><td><table><tr><td>Two</td></tr></table></td></tr></table>";
    const { blocks } = await read("a.html", `<html><body>${layout}</body></html>`);
    expect(blocks.every((block) => block.kind === "text")).toBe(true);
    expect(textOf({ blocks })).toMatch(/Left\s+One\s+Two/);
  });

  test("a page without main is read from its body", async () => {
    expect(textOf(await read("a.html", "<html><body><div>Kites</div> rise</body></html>"))).toBe(
      "Kites\n\nrise",
    );
  });

  test("nesting without end is no problem", async () => {
    const deep = `<html><body>${"<span>".repeat(3_000)}Kites`;
    expect(textOf(await read("deep.html", deep))).toBe("Kites");
  });
});

describe("CSV", () => {
  test.each([
    ["stations.csv", "site | month | birds | note", "Harbour | March | 412 | cloudy; then fog"],
    ["stations.tsv", "site | month | birds", "Harbour | March | 412"],
    ["stations-gb18030.csv", "站点 | 月份 | 数量 | 备注", "港口 | 三月 | 412 | 阴天， 有雾"],
  ])("%s: a row is a line, also where a quoted cell has line ends", async (name, header, row) => {
    const { blocks, type } = await read(name);
    expect(type).toBe("csv");
    expect(blocks[0]?.header).toBe(header);
    expect(blocks[0]?.text.split("\n").slice(0, 2)).toEqual([header, row]);
  });

  test("rows come in blocks of bounded size, each with the header", async () => {
    const rows = Array.from({ length: 1_000 }, (_, i) => `site ${i},${i}`);
    const { blocks } = await read("many.csv", ["name,count", ...rows].join("\n"));
    expect(blocks.length).toBeGreaterThan(1);
    for (const block of blocks) expect(block.text.startsWith("name | count\n")).toBe(true);
    const texts = blocks.flatMap((block) => block.text.split("\n").slice(1));
    expect(texts).toEqual(rows.map((row) => row.replace(",", " | ")));
  });

  test("numbers in the first row mean that there is no header", async () => {
    const { blocks } = await read("bare.csv", "1,Harbour\n2,Ridge\n");
    expect(blocks[0]).toMatchObject({ header: "", text: "1 | Harbour\n2 | Ridge" });
  });

  test("ragged rows keep all their cells", async () => {
    expect(textOf(await read("ragged.csv", "a,b\nx\ny,z,w\n"))).toBe("a | b\nx\ny | z | w");
  });
});

describe("JSON", () => {
  test("lines of path and value, a block for each record", async () => {
    const { blocks, type } = await read("observations.json");
    expect(type).toBe("json");
    expect(blocks.map((block) => block.text)).toEqual([
      "station: Harbour 港口\nid: 12345678901234567890\nopen: true",
      "observations[0].date: 2026-03-14\nobservations[0].birds: 42\nobservations[0].place.name: ridge\nobservations[0].place.height: 312.5\nobservations[0].tags: spring, clear",
      "observations[1].date: 2026-03-15\nobservations[1].birds: 17\nobservations[1].note: fog until noon",
    ]);
  });

  test("JSON lines: a block for each line, blank lines skipped", async () => {
    const { blocks, type } = await read("observations.jsonl");
    expect(type).toBe("jsonl");
    expect(blocks.map((block) => block.text)).toEqual([
      "date: 2026-03-14\nbirds: 42\nplace: 山脊",
      "date: 2026-03-15\nbirds: 17",
    ]);
  });

  test("halves of surrogate pairs and control characters do not leave the reader", async () => {
    const text = textOf(await read("odd.json", '{"a": "x\\ud83dy\\u0000z"}'));
    expect(text).toBe("a: x\ufffdy z");
  });
});
