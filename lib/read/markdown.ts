import { parse as parseYaml } from "yaml";
import { type BlockWriter, blockWriter } from "./block-writer.ts";
import { decodeText } from "./decode.ts";
import { flatMetadata } from "./metadata.ts";
import type { Reader } from "./reader.ts";

const frontMatter = /^---[ \t]*\n([\s\S]*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)/;
const atx = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/;
const setext = /^ {0,3}(=+|-{2,})[ \t]*$/;
const fence = /^ {0,3}(`{3,}|~{3,})/;
const delimiterRow = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

/** A heading's title without the marks of emphasis, code and links. */
const plain = (title: string): string =>
  title
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[*_`]{1,3}([^*_`]+)[*_`]{1,3}/g, "$1")
    .trim();

const cells = (row: string): readonly string[] =>
  row
    .trim()
    .replace(/^\||(?<!\\)\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.replaceAll("\\|", "|").trim());

type Lines = readonly string[];

const isTableStart = (lines: Lines, at: number): boolean => {
  const header = lines[at] ?? "";
  const rule = lines[at + 1] ?? "";
  return (
    header.includes("|") &&
    rule.includes("-") &&
    delimiterRow.test(rule) &&
    cells(header).length === cells(rule).length
  );
};

/** Each takes what starts at line `at` and gives the line after it; `at` itself where nothing of its kind starts there. */
type Take = (lines: Lines, at: number, writer: BlockWriter) => number;

const takeFence: Take = (lines, at, writer) => {
  const mark = fence.exec(lines[at] ?? "")?.[1];
  if (mark === undefined) return at;
  const closing = new RegExp(`^ {0,3}${mark[0]}{${mark.length},}[ \\t]*$`);
  let end = at + 1;
  while (end < lines.length && !closing.test(lines[end] ?? "")) end++;
  writer.code(lines.slice(at, end + 1).join("\n"));
  return Math.min(end + 1, lines.length);
};

const takeAtx: Take = (lines, at, writer) => {
  const match = atx.exec(lines[at] ?? "");
  if (!match) return at;
  writer.heading(match[1]?.length ?? 1, plain(match[2] ?? ""), lines[at] ?? "");
  return at + 1;
};

const takeTable: Take = (lines, at, writer) => {
  if (!isTableStart(lines, at)) return at;
  let end = at + 2;
  while (end < lines.length && (lines[end] ?? "").includes("|")) end++;
  writer.table(cells(lines[at] ?? ""), lines.slice(at + 2, end).map(cells));
  return end;
};

/** One line of text over a line of `=` or `-`. */
const takeSetext: Take = (lines, at, writer) => {
  const mark = setext.exec(lines[at + 1] ?? "")?.[1];
  const title = lines[at] ?? "";
  if (mark === undefined || title.trim() === "" || /^\s*(?:[-*+>]|\d+\.)\s/.test(title)) return at;
  writer.heading(mark.startsWith("=") ? 1 : 2, plain(title), `${title}\n${lines[at + 1]}`);
  return at + 2;
};

const takers: readonly Take[] = [takeFence, takeAtx, takeTable];

const takeOther = (lines: Lines, at: number, writer: BlockWriter): number => {
  for (const take of takers) {
    const end = take(lines, at, writer);
    if (end !== at) return end;
  }
  return at;
};

const startsOther = (lines: Lines, at: number): boolean =>
  fence.test(lines[at] ?? "") || atx.test(lines[at] ?? "") || isTableStart(lines, at);

const takeParagraph: Take = (lines, at, writer) => {
  if ((lines[at] ?? "").trim() === "") return at + 1;
  const heading = takeSetext(lines, at, writer);
  if (heading !== at) return heading;
  let end = at + 1;
  while (end < lines.length && (lines[end] ?? "").trim() !== "" && !startsOther(lines, end)) end++;
  writer.paragraph(lines.slice(at, end).join("\n"));
  return end;
};

const parseFrontMatter = (source: string): unknown => {
  try {
    // Aliases can blow a few lines up to gigabytes.
    return parseYaml(source, { maxAliasCount: 10 });
  } catch {
    return null;
  }
};

/**
 * Markdown: its source text, cut at headings, with fenced code in blocks of its own and tables as table blocks.
 * Front matter becomes metadata; where it is not valid YAML it stays text.
 */
export const markdownReader: Reader = {
  version: 1,
  read: async (input) => {
    const decoded = decodeText(input);
    const matter = frontMatter.exec(decoded.text);
    const fields = matter === null ? null : parseFrontMatter(matter[1] ?? "");
    const isMap = typeof fields === "object" && fields !== null && !Array.isArray(fields);
    const lines = decoded.text.slice(isMap ? (matter?.[0].length ?? 0) : 0).split("\n");
    const writer = blockWriter();
    let at = 0;
    while (at < lines.length) {
      const end = takeOther(lines, at, writer);
      at = end === at ? takeParagraph(lines, at, writer) : end;
    }
    const own = isMap ? flatMetadata(fields as Readonly<Record<string, unknown>>) : {};
    return { blocks: writer.blocks(), metadata: { ...decoded.metadata, ...own } };
  },
};
