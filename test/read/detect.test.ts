import { expect, test } from "vitest";
import { detectType } from "../../lib/read/detect.ts";
import { input } from "./reading.ts";

const html = "<!doctype html>\n<html><body><p>Kites</p></body></html>";
const csv = "site,month,birds\nHarbour,March,412\nRidge,April,1038\nValley,May,67\n";
const markdown = "# Kites\n\nSee [the guide](guide.md).\n\n## Where\n\n```\ncode\n```\n";

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

test.each([
  ["report.docx", "a Word document (docx)"],
  ["bundle.zip", "a ZIP archive (zip)"],
  ["picture.png", "an image (png)"],
  ["binary.dat", "binary data of an unknown kind"],
])("%s is refused by what it is, whatever it is called", async (fixture, what) => {
  await expect(detectType(input(fixture, undefined, { key: `in/${fixture}.txt` }))).rejects.toMatchObject({
    code: "UNSUPPORTED_TYPE",
    message: `in/${fixture}.txt: is ${what}; what can be read: txt, md, html, csv, json, jsonl and pdf`,
  });
});

test.each([
  ["letter.txt", "{\\rtf1\\ansi Kites}", "a rich-text document (rtf)"],
  ["drawing.html", '<svg xmlns="http://www.w3.org/2000/svg"></svg>', "an SVG picture (svg)"],
  ["print.txt", "%!PS-Adobe-3.0\nshowpage\n", "a PostScript document (ps)"],
])("%s: text that nobody reads as text is refused", async (key, content, what) => {
  await expect(detectType(input(key, content))).rejects.toThrow(`${key}: is ${what}`);
});
