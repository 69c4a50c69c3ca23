import { expect, test } from "vitest";
import { detectType } from "../../lib/read/detect.ts";
import { readers } from "../../lib/read/registry.ts";
import { input } from "./reading.ts";

const html = "<!doctype html>\n<html><body><p>Kites</p></body></html>";
const csv = "site,month,birds\nHarbour,March,412\nRidge,April,1038\nValley,May,67\n";
const markdown = "# Kites\n\nSee [the guide](guide.md).\n\n## Where\n\n```\ncode\n```\n";
const mail =
  "From: a@example.org\nTo: b@example.org\nSubject: Kites\nDate: Tue, 13 Jan 2026 09:15:00 +0100\n\nHello\n";

test.each([
  ["a PDF by any name", "notes.txt", undefined, "typst-guide.pdf", "pdf"],
  ["plain text", "notes.txt", "Kites rise, slowly, in warm air.\nThey do not flap.", "", "txt"],
  ["text without an extension", "notes", "Kites rise in warm air.", "", "txt"],
  ["a page saved as .txt", "page.txt", html, "", "html"],
  ["a page saved as .json", "page.json", html, "", "html"],
  ["XHTML", "page", `<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"></html>`, "", "html"],
  ["a fragment called .html", "part.html", "<p>Kites</p>", "", "html"],
  ["JSON without an extension", "data", '{"a": [1, 2]}', "", "json"],
  ["JSON saved as .txt", "data.txt", '[{"a": 1}, {"a": 2}]', "", "json"],
  ["JSON lines called .json", "data.json", '{"a": 1}\n{"a": 2}\n', "", "jsonl"],
  ["JSON lines without an extension", "data", '{"a": 1}\n{"a": 2}\n', "", "jsonl"],
  ["an indented document called .jsonl", "data.jsonl", '{\n  "a": 1\n}\n', "", "json"],
  ["a log of bracketed lines", "app.log", "[info] kites\n[warn] no kites\n", "", "txt"],
  ["a table without an extension", "table", csv, "", "csv"],
  ["a table of tabs called .txt", "table.txt", csv.replaceAll(",", "\t"), "", "csv"],
  ["prose with commas", "prose.txt", "One, two.\nThree, four, five.\nSix.\nSeven, eight.\n", "", "txt"],
  ["Markdown without an extension", "README", markdown, "", "md"],
  ["plain text called .md", "notes.md", "Just a line.", "", "md"],
  ["rich text by any name", "letter.doc", "{\\rtf1\\ansi Kites}", "", "rtf"],
  ["a page saved as a workbook", "export.xls", html, "", "html"],
  ["a table saved as a workbook", "export.xls", csv.replaceAll(",", "\t"), "", "csv"],
  ["XML without an extension", "data", '<?xml version="1.0"?>\n<a><b>1</b></a>', "", "xml"],
  ["source code", "src/main.rs", "fn main() {}\n", "", "code"],
  ["source code that begins with a page", "page.php", html, "", "code"],
  ["a message without an extension", "mail", mail, "", "eml"],
  ["a message with lines of Windows", "mail.txt", mail.replaceAll("\n", "\r\n"), "", "eml"],
  ["notes that look like fields", "notes.txt", "Name: Kite\nPlace: Ridge\nTime: noon\n\nIt rose.", "", "txt"],
  ["text that begins like a bitmap", "bm25.txt", "BM25 is a ranking function of words.", "", "txt"],
  ["text that begins like a program", "mz.txt", "MZ is a postal code in Germany.", "", "txt"],
])("%s", async (_, key, content, from, type) => {
  expect(await detectType(input(from || key, content, { key }))).toBe(type);
});

test.each([
  ["text/csv; charset=utf-8", "csv"],
  ["text/markdown", "md"],
  ["application/x-ndjson", "jsonl"],
  ["application/json", "json"],
])("the declared type %s decides where name and content cannot", async (contentType, type) => {
  expect(await detectType(input("upload", "a,b", { contentType }))).toBe(type);
});

test("the extension is believed before the content type", async () => {
  expect(await detectType(input("a.md", "# Kites", { contentType: "text/csv" }))).toBe("md");
});

test.each([["binary.dat", "binary data of an unknown kind"]])(
  "%s is refused by what it is, whatever it is called",
  async (fixture, what) => {
    await expect(detectType(input(fixture, undefined, { key: `in/${fixture}.txt` }))).rejects.toMatchObject({
      code: "UNSUPPORTED_TYPE",
      message: `in/${fixture}.txt: is ${what}; what can be read: ${Object.keys(readers).join(", ")}`,
    });
  },
);

test.each([
  ["drawing.html", '<svg xmlns="http://www.w3.org/2000/svg"></svg>', "an SVG picture (svg)"],
  ["print.txt", "%!PS-Adobe-3.0\nshowpage\n", "a PostScript document (ps)"],
])("%s: text that nobody reads as text is refused", async (key, content, what) => {
  await expect(detectType(input(key, content))).rejects.toThrow(`${key}: is ${what}`);
});
