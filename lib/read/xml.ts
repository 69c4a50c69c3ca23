import { decodeText } from "./decode.ts";
import { documentFailure, reason } from "./failures.ts";
import type { Block, Reader } from "./reader.ts";
import { type XmlTag, xmlParser } from "./xml-events.ts";

type Element = {
  readonly name: string;
  readonly path: string;
  /** Its own text has begun: children stand inside a sentence. */
  mixed: boolean;
  title: string;
  readonly parts: string[];
};

const pieceChars = 64 * 1024;
const titleNames = new Set(["title", "head", "heading"]);

/** Names in which paragraphs of prose come; their text needs no path. */
const prose = new Set([
  "p",
  "para",
  "simpara",
  "li",
  "listitem",
  "title",
  "head",
  "heading",
  "abstract",
  "body",
]);

const attributeLines = ({ attributes }: XmlTag, path: string): readonly string[] =>
  Object.entries(attributes).flatMap(([name, value]) =>
    /^(?:xmlns|xml:|xsi:)/.test(name) || value.trim() === "" ? [] : [`${path}@${name}: ${value.trim()}`],
  );

/** The child of a sentence gives its text to it. */
const isInline = (open: readonly Element[]): boolean => open.some(({ mixed }) => mixed);

const lineOf = ({ parts }: Element): string => parts.join("").replace(/\s+/g, " ").trim();

const linesBlock = (lines: readonly string[], headings: readonly string[]): Block => ({
  kind: "text",
  text: lines.join("\n"),
  page: null,
  headings,
  header: "",
});

/** Lines of the document, in blocks: one for each child of the root, under the titles around it. */
const xmlBlocks = () => {
  const blocks: Block[] = [];
  const open: Element[] = [];
  let lines: string[] = [];
  let headings: readonly string[] = [];
  const titles = (): readonly string[] => open.flatMap(({ title }) => (title === "" ? [] : [title]));
  const flush = (): void => {
    if (lines.length > 0) blocks.push(linesBlock(lines, headings));
    lines = [];
  };
  const write = (element: Element): void => {
    const text = lineOf(element);
    element.parts.length = 0;
    if (text === "") return;
    if (lines.length === 0) headings = titles();
    lines.push(prose.has(element.name) || element.path === "" ? text : `${element.path}: ${text}`);
  };
  /** The first title inside an element is the heading of all that follows in it. */
  const setTitle = (outer: Element, element: Element): void => {
    const title = lineOf(element);
    if (outer.title !== "" || title === "" || !titleNames.has(element.name)) return;
    if (open.length > 1) flush();
    outer.title = title.slice(0, 200);
  };
  return {
    open: (tag: XmlTag): void => {
      const outer = open.at(-1);
      const path = open.length < 2 ? tag.name : `${outer?.path}.${tag.name}`;
      const inline = outer !== undefined && isInline(open);
      open.push({ name: tag.name, path, mixed: inline, title: "", parts: [] });
      // What the root says of itself is its version and its schema.
      if (inline || outer === undefined) return;
      const own = attributeLines(tag, path);
      if (own.length > 0 && lines.length === 0) headings = titles();
      lines.push(...own);
    },
    text: (text: string): void => {
      const element = open.at(-1);
      if (element === undefined) return;
      element.parts.push(text);
      if (text.trim() !== "") element.mixed = true;
    },
    close: (): void => {
      const element = open.pop();
      const outer = open.at(-1);
      if (element === undefined) return;
      if (outer !== undefined && isInline(open)) {
        outer.parts.push(" ", ...element.parts, " ");
        return;
      }
      if (outer !== undefined) setTitle(outer, element);
      write(element);
      if (open.length <= 1 || lines.length > 500) flush();
    },
    blocks: (): readonly Block[] => {
      flush();
      return blocks;
    },
  };
};

/**
 * XML: a line `path: text` for each element that has text (prose without the path) and each attribute, in a block for
 * each child of the root; titles become headings. Entities of the document's own are left as they are written.
 */
export const xmlReader: Reader = {
  version: 1,
  read: async (input) => {
    const { text, metadata } = decodeText(input);
    const content = xmlBlocks();
    const parser = xmlParser(content);
    try {
      for (let at = 0; at < text.length; at += pieceChars) parser.write(text.slice(at, at + pieceChars));
      parser.close();
    } catch (error) {
      throw documentFailure("CORRUPT_DOCUMENT", input.key, `is not valid XML: ${reason(error)}`, error);
    }
    return { blocks: content.blocks(), metadata };
  },
};
