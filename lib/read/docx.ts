import { blockWriter } from "./block-writer.ts";
import { documentFailure } from "./failures.ts";
import { type FlowText, flowText } from "./flow-text.ts";
import { mainPart, type OfficeDocument, openOffice } from "./ooxml.ts";
import type { Reader } from "./reader.ts";
import { attribute, byName, isOn, readXml, without, type XmlHandler, type XmlTag } from "./xml-events.ts";

type Style = { readonly name: string; readonly basedOn: string; readonly outline: number | null };

const headingName = /^(?:heading|标题|überschrift|titre)\s*(\d)$/i;

const readStyles = async ({
  office,
  relations,
  key,
}: OfficeDocument): Promise<ReadonlyMap<string, Style>> => {
  const styles = new Map<string, Style>();
  const [path] = relations("styles");
  if (path === undefined || !office.has(path)) return styles;
  let id = "";
  const set = (change: Partial<Style>): void => {
    const style = styles.get(id);
    if (style) styles.set(id, { ...style, ...change });
  };
  const events = byName(
    {
      style: (tag) => {
        id = attribute(tag, "styleId");
        styles.set(id, { name: "", basedOn: "", outline: null });
      },
      name: (tag) => set({ name: attribute(tag, "val") }),
      basedOn: (tag) => set({ basedOn: attribute(tag, "val") }),
      outlineLvl: (tag) => set({ outline: Number(attribute(tag, "val")) }),
    },
    {
      style: () => {
        id = "";
      },
    },
  );
  await readXml(office.part(path), key, events);
  return styles;
};

/** Levels above 9 say that a paragraph is none. */
const levelOf = (outline: number): number => (outline >= 0 && outline < 9 ? outline + 1 : 0);

/** The heading level of a style, by itself or by what it is based on. */
const headingLevel = (styles: ReadonlyMap<string, Style>, id: string): number => {
  const seen = new Set<string>();
  for (let at = id; !seen.has(at); ) {
    seen.add(at);
    const style = styles.get(at);
    if (style === undefined) return 0;
    if (style.outline !== null) return levelOf(style.outline);
    const named = headingName.exec(style.name)?.[1];
    if (named !== undefined) return Number(named);
    if (/^title$/i.test(style.name)) return 1;
    at = style.basedOn;
  }
  return 0;
};

/** Elements whose text is not the document's: what was deleted, field codes, the second form of a drawing. */
const skipped = new Set(["del", "moveFrom", "instrText", "delText", "Fallback", "pPrChange", "rPrChange"]);

type Notes = ReadonlyMap<string, string>;
type Context = {
  readonly flow: FlowText;
  readonly styles: ReadonlyMap<string, Style>;
  readonly notes: Readonly<Record<string, Notes>>;
};

/** Where in a run of letters the events are. */
type Place = { hidden: boolean; inText: boolean; inProperties: boolean };

const paragraphTags = ({ flow, styles }: Context) => ({
  p: () => flow.openParagraph(),
  pStyle: (tag: XmlTag) => flow.heading(headingLevel(styles, attribute(tag, "val"))),
  outlineLvl: (tag: XmlTag) => flow.heading(levelOf(Number(attribute(tag, "val")))),
  numPr: () => flow.marker("- "),
});

const tableTags = ({ flow }: Context, spans: number[]) => ({
  tbl: () => flow.openTable(),
  tr: () => flow.openRow(),
  tblHeader: (tag: XmlTag) => {
    if (isOn(tag)) flow.headRow();
  },
  tc: () => {
    spans.push(1);
    flow.openCell();
  },
  gridSpan: (tag: XmlTag) => {
    spans[spans.length - 1] = Math.max(1, Number(attribute(tag, "val")) || 1);
  },
});

const runTags = ({ flow, notes }: Context, place: Place) => {
  // Tab stops in the properties of a paragraph are called like tabs.
  const sign = (text: string) => () => {
    if (!place.hidden && !place.inProperties) flow.text(text);
  };
  const note = (kind: string) => (tag: XmlTag) => flow.note(notes[kind]?.get(attribute(tag, "id")) ?? "");
  return {
    pPr: () => {
      place.inProperties = true;
    },
    r: () => {
      place.hidden = false;
    },
    vanish: (tag: XmlTag) => {
      if (isOn(tag)) place.hidden = true;
    },
    t: () => {
      place.inText = true;
    },
    tab: sign("\t"),
    br: sign("\n"),
    cr: sign("\n"),
    noBreakHyphen: sign("-"),
    docPr: (tag: XmlTag) => flow.text(attribute(tag, "descr")),
    footnoteReference: note("footnoteReference"),
    endnoteReference: note("endnoteReference"),
    commentReference: note("commentReference"),
  };
};

/** Events of `w:document` and of notes, as a flow of text. */
const wordEvents = (context: Context): XmlHandler => {
  const { flow } = context;
  const place: Place = { hidden: false, inText: false, inProperties: false };
  const spans: number[] = [];
  const events = byName(
    { ...paragraphTags(context), ...tableTags(context, spans), ...runTags(context, place) },
    {
      t: () => {
        place.inText = false;
      },
      pPr: () => {
        place.inProperties = false;
        place.hidden = false;
      },
      p: () => flow.closeParagraph(),
      tc: () => flow.closeCell(spans.pop() ?? 1),
      tbl: () => flow.closeTable(),
    },
    (text) => {
      if (place.inText && !place.hidden) flow.text(text);
    },
  );
  return without(({ name }) => skipped.has(name), events);
};

type NoteKind = { readonly relation: string; readonly element: string; readonly title: string };
const noteKinds: Readonly<Record<string, NoteKind>> = {
  footnoteReference: { relation: "footnotes", element: "footnote", title: "Note" },
  endnoteReference: { relation: "endnotes", element: "endnote", title: "Note" },
  commentReference: { relation: "comments", element: "comment", title: "Comment" },
};

/** Texts of foot notes, end notes or comments by their ids. */
const readNotes = async (document: OfficeDocument, kind: NoteKind): Promise<Notes> => {
  const texts = new Map<string, string>();
  const [path] = document.relations(kind.relation);
  if (path === undefined || !document.office.has(path)) return texts;
  let writer = blockWriter();
  let title = "";
  const flow = () => wordEvents({ flow: flowText(writer), styles: new Map(), notes: {} });
  let events = flow();
  let id = "";
  await readXml(document.office.part(path), document.key, {
    open: (tag) => {
      if (tag.name === kind.element) {
        writer = blockWriter();
        events = flow();
        id = attribute(tag, "id");
        const author = attribute(tag, "author");
        title = author === "" ? kind.title : `${kind.title} (${author})`;
      } else events.open?.(tag);
    },
    text: (text) => events.text?.(text),
    close: (name) => {
      if (name !== kind.element) return events.close?.(name);
      const text = writer.blocks().map((block) => block.text.replace(/\s*\n\s*/g, " "));
      if (text.length > 0) texts.set(id, `${title}: ${text.join(" ")}`);
    },
  });
  return texts;
};

/**
 * Word: paragraphs under their headings, lists, tables with their header; foot notes, end notes and comments after the
 * paragraph that they belong to. Left out: deleted and hidden text, headers and footers of pages.
 */
export const docxReader: Reader = {
  version: 1,
  read: async (input, nesting) => {
    const document = await openOffice(input, nesting);
    const main = mainPart(document);
    const styles = await readStyles(document);
    const notes: Record<string, Notes> = {};
    for (const [reference, kind] of Object.entries(noteKinds))
      notes[reference] = await readNotes(document, kind);
    const writer = blockWriter();
    let isWord = false;
    const events = wordEvents({ flow: flowText(writer), styles, notes });
    await readXml(main, input.key, {
      ...events,
      open: (tag) => {
        if (tag.name === "document") isWord = true;
        events.open?.(tag);
      },
    });
    if (!isWord) throw documentFailure("CORRUPT_DOCUMENT", input.key, `${main.path} holds no Word document`);
    return { blocks: writer.blocks(), metadata: document.metadata };
  },
};
