import { type CheerioAPI, load } from "cheerio";
import { decodeText } from "./decode.ts";
import { htmlBlocks, textOf } from "./html-blocks.ts";
import { flatMetadata } from "./metadata.ts";
import type { Reader } from "./reader.ts";

/** What readers of the page do not read as its text. */
const dropped = [
  "script, style, noscript, template, svg, canvas, iframe, object, embed, audio, video, map",
  "nav, [role=navigation], [role=search], button, select, textarea, input, datalist",
  "[hidden], [aria-hidden=true], [role=banner], [role=contentinfo], [role=complementary]",
].join(", ");

/** Names that sites give to what stands around their text. They are believed only of parts that hold little of it. */
const around =
  /(?:^|[-_ ])(?:nav|navbar|navigation|menu|breadcrumbs?|sidebar|footer|masthead|cookies?|consent|gdpr|share|social|related|pagination|skip|toc)(?:$|[-_ ])/i;
const surroundings = "header, footer, aside, div, section, ul, ol";
const mostShare = 0.4;
const linkShare = 0.5;

type Part = { readonly tagName: string; readonly attribs: Readonly<Record<string, string>> };

const isNamedSo = ({ tagName, attribs }: Part): boolean =>
  tagName === "footer" || around.test(attribs.class ?? "") || around.test(attribs.id ?? "");
const isEdge = ({ tagName }: Part): boolean => ["header", "aside"].includes(tagName);

/** Takes out menus, banners, side bars and imprints: parts named so, or heads and feet of the page that are mostly links. */
const dropSurroundings = ($: CheerioAPI): void => {
  const [body] = $("body").get();
  if (body === undefined) return;
  const most = textOf(body).length * mostShare;
  const linkChars = (part: Parameters<typeof textOf>[0]): number =>
    $(part)
      .find("a")
      .get()
      .reduce((sum, link) => sum + textOf(link).length, 0);
  for (const part of $(surroundings).get()) {
    const named = isNamedSo(part);
    if (!named && !isEdge(part)) continue;
    const chars = textOf(part).length;
    const isMain = chars > most || $(part).find("h1, article, main").length > 0;
    if (!isMain && (named || linkChars(part) >= chars * linkShare)) $(part).remove();
  }
};

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

/** HTML: its main text under its headings; tables as table blocks, `pre` as code; scripts, styles, menus, banners and imprints dropped. */
export const htmlReader: Reader = {
  version: 2,
  read: async (input) => {
    const decoded = decodeText(input);
    const $ = load(decoded.text, { scriptingEnabled: false });
    const metadata = { ...decoded.metadata, ...metadataOf($) };
    $(dropped).remove();
    dropSurroundings($);
    const main = mainOf($);
    return { blocks: main ? htmlBlocks(main) : [], metadata };
  },
};
