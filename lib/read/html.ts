import { type CheerioAPI, load } from "cheerio";
import { decodeText } from "./decode.ts";
import { htmlBlocks, textOf } from "./html-blocks.ts";
import { flatMetadata } from "./metadata.ts";
import type { Reader } from "./reader.ts";

/** What readers of the page do not read as its text. */
const dropped = [
  "script, style, noscript, template, svg, canvas, iframe, object, embed, audio, video, map",
  "nav, [role=navigation], [role=search], button, select, textarea, input, datalist",
  "[hidden], [aria-hidden=true]",
].join(", ");

/** A `main` element with less of the page's text than this is not its main text. */
const leastShare = 0.3;

const mainOf = ($: CheerioAPI) => {
  const body = $("body").first();
  const main = $("main, [role=main]").first();
  const [mainNode] = main.get();
  const [bodyNode] = body.get();
  if (!mainNode || !bodyNode) return bodyNode ?? null;
  return textOf(mainNode).length >= textOf(bodyNode).length * leastShare ? mainNode : bodyNode;
};

const metadataOf = ($: CheerioAPI) => {
  const meta = (...names: readonly string[]): string | undefined =>
    names
      .map((name) => $(`meta[name="${name}"], meta[property="${name}"]`).first().attr("content"))
      .find((content) => content !== undefined && content.trim() !== "");
  return flatMetadata({
    title: $("head > title").first().text(),
    language: $("html").attr("lang") ?? $("html").attr("xml:lang"),
    author: meta("author", "article:author"),
    description: meta("description", "og:description"),
    keywords: meta("keywords"),
    created: meta("article:published_time", "dcterms.created", "date"),
    modified: meta("article:modified_time", "dcterms.modified"),
  });
};

/** HTML: its main text under its headings; tables as table blocks, `pre` as code; scripts, styles and navigation dropped. */
export const htmlReader: Reader = {
  version: 1,
  read: async (input) => {
    const decoded = decodeText(input);
    const $ = load(decoded.text, { scriptingEnabled: false });
    const metadata = { ...decoded.metadata, ...metadataOf($) };
    $(dropped).remove();
    const main = mainOf($);
    return { blocks: main ? htmlBlocks(main) : [], metadata };
  },
};
