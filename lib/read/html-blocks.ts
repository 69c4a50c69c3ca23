import type { CheerioAPI } from "cheerio";
import { type BlockWriter, blockWriter } from "./block-writer.ts";
import type { Block } from "./reader.ts";

type Root = ReturnType<CheerioAPI["root"]>[number];
export type HtmlNode = Root | Root["children"][number];
type HtmlElement = Extract<HtmlNode, { tagName: string }>;

const blockTags = new Set(
  "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu ol p pre section summary table tbody td tfoot th thead tr ul".split(
    " ",
  ),
);

const isElement = (node: HtmlNode): node is HtmlElement => "tagName" in node;
const tagOf = (node: HtmlNode): string => (isElement(node) ? node.tagName.toLowerCase() : "");
const childrenOf = (node: HtmlNode): readonly HtmlNode[] => ("children" in node ? node.children : []);

type Visitor = {
  /** False: leave out what is inside. */
  enter(node: HtmlNode): boolean;
  leave(node: HtmlNode): void;
};

/** In document order and without recursion: nothing bounds how deep pages nest. */
const walk = (root: HtmlNode, visitor: Visitor): void => {
  const stack: { readonly node: HtmlNode; next: number }[] = [];
  const push = (node: HtmlNode): void => {
    if (visitor.enter(node)) stack.push({ node, next: 0 });
    else visitor.leave(node);
  };
  push(root);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const child = childrenOf(top.node)[top.next++];
    if (child) push(child);
    else {
      stack.pop();
      visitor.leave(top.node);
    }
  }
};

const collapse = (text: string): string =>
  text
    .replace(/[^\S\n]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .trim();

const rawText = (node: HtmlNode): string => (node.type === "text" ? node.data : "");
const inlineText = (node: HtmlNode): string => rawText(node).replace(/\s+/g, " ");

const altText = (node: HtmlNode): string =>
  isElement(node) && tagOf(node) === "img" ? (node.attribs.alt ?? "").replace(/\s+/g, " ") : "";

/** All text inside on one line. */
export const textOf = (root: HtmlNode): string => {
  const parts: string[] = [];
  const gap = (node: HtmlNode): void => {
    if (blockTags.has(tagOf(node)) || tagOf(node) === "br") parts.push(" ");
  };
  walk(root, {
    enter: (node) => {
      gap(node);
      parts.push(rawText(node), altText(node));
      return true;
    },
    leave: gap,
  });
  return parts.join("").replace(/\s+/g, " ").trim();
};

const preText = (root: HtmlNode): string => {
  const parts: string[] = [];
  walk(root, {
    enter: (node) => {
      parts.push(tagOf(node) === "br" ? "\n" : rawText(node));
      return true;
    },
    leave: () => undefined,
  });
  return parts.join("").replace(/^\n|\s+$/g, "");
};

type Row = { readonly cells: readonly string[]; readonly heads: boolean };

const widest = 200;

const rowOf = (tr: HtmlNode, inHead: boolean): Row => {
  const cells = childrenOf(tr).filter((node) => ["td", "th"].includes(tagOf(node)));
  const texts = cells.flatMap((cell) => {
    const span = isElement(cell) ? Number.parseInt(cell.attribs.colspan ?? "1", 10) : 1;
    const empty = Array.from({ length: Math.min(widest, Math.max(1, span || 1)) - 1 }, () => "");
    return [textOf(cell), ...empty];
  });
  return { cells: texts, heads: inHead || (cells.length > 0 && cells.every((cell) => tagOf(cell) === "th")) };
};

/** Rows of a table of data; null for a table that only arranges the page. */
const dataRows = (table: HtmlElement): readonly Row[] | null => {
  const rows: Row[] = [];
  let nested = table.attribs.role === "presentation";
  let inHead = false;
  walk(table, {
    enter: (node) => {
      const tag = tagOf(node);
      if (tag === "table" && node !== table) nested = true;
      if (tag === "thead") inHead = true;
      if (tag === "tr") rows.push(rowOf(node, inHead));
      return !nested;
    },
    leave: (node) => {
      if (tagOf(node) === "thead") inHead = false;
    },
  });
  const isData = !nested && rows.length > 1 && rows.some((row) => row.cells.length > 1);
  return isData ? rows : null;
};

const captionOf = (table: HtmlNode): string => {
  const caption = childrenOf(table).find((node) => tagOf(node) === "caption");
  return caption ? textOf(caption) : "";
};

const writeTable = (writer: BlockWriter, table: HtmlNode, rows: readonly Row[]): void => {
  const headRows = rows.findIndex((row) => !row.heads);
  const heads = headRows === -1 ? rows.slice(0, 1) : rows.slice(0, headRows);
  const header = heads.at(-1)?.cells ?? [];
  writer.paragraph(captionOf(table));
  for (const head of heads.slice(0, -1)) writer.paragraph(head.cells.filter(Boolean).join(" | "));
  writer.table(
    header,
    rows.slice(heads.length).map((row) => row.cells),
  );
};

/** Elements that are written as a whole; false: go on inside. */
const writeWhole = (writer: BlockWriter, node: HtmlNode, flush: () => void): boolean => {
  if (!isElement(node)) return false;
  const tag = tagOf(node);
  if (/^h[1-6]$/.test(tag)) {
    flush();
    const title = textOf(node);
    writer.heading(Number(tag[1]), title, title);
    return true;
  }
  if (tag === "pre") {
    flush();
    writer.code(preText(node));
    return true;
  }
  const rows = tag === "table" ? dataRows(node) : null;
  if (rows === null) return false;
  flush();
  writeTable(writer, node, rows);
  return true;
};

/** The blocks of everything inside `root`, in document order. */
export const htmlBlocks = (root: HtmlNode): readonly Block[] => {
  const writer = blockWriter();
  let inline: string[] = [];
  const flush = (): void => {
    const text = collapse(inline.join(""));
    // A bullet of its own is no text.
    if (text !== "-") writer.paragraph(text);
    inline = [];
  };
  walk(root, {
    enter: (node) => {
      if (writeWhole(writer, node, flush)) return false;
      const tag = tagOf(node);
      if (blockTags.has(tag)) flush();
      if (tag === "li") inline.push("- ");
      if (tag === "br") inline.push("\n");
      inline.push(inlineText(node), altText(node));
      return true;
    },
    leave: (node) => {
      if (blockTags.has(tagOf(node))) flush();
    },
  });
  flush();
  return writer.blocks();
};
