import { blockWriter } from "./block-writer.ts";
import { documentFailure } from "./failures.ts";
import { type FlowText, flowText } from "./flow-text.ts";
import { openOdf } from "./odf.ts";
import { titled } from "./pptx.ts";
import type { Block, Reader } from "./reader.ts";
import { attribute, byName, readXml, without, type XmlHandler, type XmlTag } from "./xml-events.ts";

/** Elements whose text is not the document's: deleted and hidden text, numbers of notes, names of authors. */
const skipped = new Set([
  "tracked-changes",
  "hidden-text",
  "hidden-paragraph",
  "note-citation",
  "creator",
  "date",
  "date-string",
  "forms",
  "page-number",
  "footer",
  "header",
]);

/** What the styles of single stretches say: which are titles, which are hidden. */
type Styles = { readonly titles: Set<string>; readonly hidden: Set<string> };

const styleTags = ({ titles, hidden }: Styles) => {
  let name = "";
  return {
    style: (tag: XmlTag) => {
      name = attribute(tag, "name");
      if (attribute(tag, "parent-style-name") === "Title") titles.add(name);
    },
    "text-properties": (tag: XmlTag) => {
      if (tag.attributes["text:display"] === "none") hidden.add(name);
    },
  };
};

type Place = { shape: string; items: number; inDescription: boolean };

const structureTags = (flow: FlowText, place: Place, spans: number[]) => {
  const cell = (tag: XmlTag): void => {
    // Covered cells follow by themselves, so a span takes no columns of its own.
    spans.push(Math.max(1, Number(attribute(tag, "number-columns-repeated") || 1)));
    flow.openCell();
  };
  return {
    table: () => flow.openTable(),
    "table-row": () => flow.openRow(),
    "table-cell": cell,
    "covered-table-cell": cell,
    frame: (tag: XmlTag) => {
      place.shape = attribute(tag, "class");
    },
    "list-item": () => {
      place.items++;
    },
    desc: () => {
      place.inDescription = true;
    },
  };
};

const textTags = (flow: FlowText, place: Place, styles: Styles) => ({
  h: (tag: XmlTag) => {
    flow.openParagraph();
    flow.heading(Number(attribute(tag, "outline-level") || 1));
  },
  p: (tag: XmlTag) => {
    flow.openParagraph();
    const style = attribute(tag, "style-name");
    if (style === "Title" || styles.titles.has(style) || place.shape === "title") flow.heading(1);
    if (place.items > 0) flow.marker("- ");
  },
  s: (tag: XmlTag) => flow.text(" ".repeat(Math.min(100, Number(attribute(tag, "c") || 1)))),
  tab: () => flow.text("\t"),
  "line-break": () => flow.text("\n"),
});

const flowEvents = (flow: FlowText, styles: Styles): XmlHandler => {
  const place: Place = { shape: "", items: 0, inDescription: false };
  const spans: number[] = [];
  const endParagraph = (): void => flow.closeParagraph();
  const endCell = (): void => flow.closeCell(spans.pop() ?? 1);
  return byName(
    { ...structureTags(flow, place, spans), ...textTags(flow, place, styles) },
    {
      h: endParagraph,
      p: endParagraph,
      "table-cell": endCell,
      "covered-table-cell": endCell,
      table: () => flow.closeTable(),
      frame: () => {
        place.shape = "";
      },
      "list-item": () => {
        place.items--;
      },
      desc: () => {
        place.inDescription = false;
      },
    },
    (text) => (place.inDescription ? flow.note(text) : flow.text(text)),
  );
};

const asides: Readonly<Record<string, string>> = { note: "Note", annotation: "Comment" };

/** Notes and comments lie inside the paragraph that they belong to; their text goes after it. */
const asideEvents = (flow: FlowText, events: XmlHandler): XmlHandler => {
  let depth = 0;
  let parts: string[] = [];
  const isAside = (name: string): boolean => Object.hasOwn(asides, name);
  return {
    open: (tag) => {
      if (depth > 0 || isAside(tag.name)) depth++;
      else events.open?.(tag);
    },
    text: (text) => {
      if (depth > 0) parts.push(text);
      else events.text?.(text);
    },
    close: (name) => {
      if (depth === 0) events.close?.(name);
      else if (--depth === 0) {
        flow.note(`${asides[name]}: ${parts.join("").replace(/\s+/g, " ").trim()}`);
        parts = [];
      }
    },
  };
};

/** Events of `office:text` and of the pages of a presentation, as a flow of text. */
const textEvents = (flow: FlowText, styles: Styles): XmlHandler =>
  without(
    (tag) => skipped.has(tag.name) || styles.hidden.has(tag.attributes["text:style-name"] ?? ""),
    asideEvents(flow, flowEvents(flow, styles)),
  );

const newStyles = (): Styles => ({ titles: new Set(), hidden: new Set() });

/** OpenDocument text: as Word. Left out: deleted and hidden text, headers and footers of pages. */
export const odtReader: Reader = {
  version: 1,
  read: async (input, nesting) => {
    const { office, metadata } = await openOdf(input, nesting);
    const writer = blockWriter();
    const styles = newStyles();
    const events = textEvents(flowText(writer), styles);
    const before = byName(styleTags(styles), {});
    let inText = false;
    let found = false;
    await readXml(office.part("content.xml"), input.key, {
      open: (tag) => {
        if (inText) events.open?.(tag);
        else before.open?.(tag);
        if (!inText && tag.name === "text") {
          inText = true;
          found = true;
        }
      },
      text: (text) => {
        if (inText) events.text?.(text);
      },
      close: (name) => {
        if (name === "body") inText = false;
        if (inText) events.close?.(name);
      },
    });
    if (!found) throw documentFailure("CORRUPT_DOCUMENT", input.key, "holds no OpenDocument text");
    return { blocks: writer.blocks(), metadata };
  },
};

const pagesOf = (styles: Styles) => {
  const blocks: Block[] = [];
  let page = 0;
  let writer = blockWriter(1);
  let notes = blockWriter(1);
  let events: XmlHandler | null = null;
  return {
    count: () => page,
    blocks,
    events: () => events,
    start: (): void => {
      page++;
      writer = blockWriter(page);
      notes = blockWriter(page);
      events = textEvents(flowText(writer), styles);
    },
    startNotes: (): void => {
      events = textEvents(flowText(notes), styles);
    },
    end: (): void => {
      const said = notes.blocks().map(({ text }) => text);
      if (said.length > 0) writer.paragraph(`Notes: ${said.join("\n\n")}`);
      blocks.push(...titled(writer.blocks()));
      events = null;
    },
  };
};

/** OpenDocument presentation: a slide is a page, its title the heading, the speaker's notes after it. */
export const odpReader: Reader = {
  version: 1,
  read: async (input, nesting) => {
    const { office, metadata } = await openOdf(input, nesting);
    const pages = pagesOf(newStyles());
    const { key, limits } = input;
    await readXml(office.part("content.xml"), key, {
      open: (tag) => {
        if (tag.name === "page") pages.start();
        else if (tag.name === "notes") pages.startNotes();
        else pages.events()?.open?.(tag);
        if (pages.count() > limits.pages)
          throw documentFailure(
            "DOCUMENT_TOO_LARGE",
            key,
            `has more than ${limits.pages} slides (limits.pages)`,
          );
      },
      text: (text) => pages.events()?.text?.(text),
      close: (name) => {
        if (name === "page") pages.end();
        else if (name !== "notes") pages.events()?.close?.(name);
      },
    });
    return { blocks: pages.blocks, metadata: { ...metadata, slides: pages.count() } };
  },
};
