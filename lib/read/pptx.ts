import { type BlockWriter, blockWriter } from "./block-writer.ts";
import { documentFailure } from "./failures.ts";
import { type FlowText, flowText } from "./flow-text.ts";
import { relationsOf, targetsOf } from "./office-package.ts";
import { type OfficeDocument, openOffice } from "./ooxml.ts";
import type { Block, Reader } from "./reader.ts";
import { attribute, byName, readXml, relationId, type XmlHandler, type XmlTag } from "./xml-events.ts";

const titles = new Set(["title", "ctrTitle"]);
/** Placeholders whose text is the same on each slide. */
const repeated = new Set(["dt", "ftr", "sldNum", "hdr", "sldImg"]);

/** A slide without a title has its first short line for one. */
const longestTitle = 100;

/** Where among the shapes of a slide the events are. */
type Shape = { placeholder: string; description: string; inText: boolean; inTable: boolean; hidden: boolean };

const shapeTags = (shape: Shape) => {
  const begin = (): void => {
    shape.placeholder = "";
    shape.description = "";
  };
  return {
    sld: (tag: XmlTag) => {
      shape.hidden = attribute(tag, "show") === "0";
    },
    sp: begin,
    pic: begin,
    graphicFrame: begin,
    ph: (tag: XmlTag) => {
      shape.placeholder = attribute(tag, "type") || "body";
    },
    cNvPr: (tag: XmlTag) => {
      shape.description = attribute(tag, "descr");
    },
    t: () => {
      shape.inText = true;
    },
  };
};

const textTags = (flow: FlowText, shape: Shape) => ({
  tbl: () => {
    shape.inTable = true;
    flow.openTable();
  },
  tr: () => {
    if (shape.inTable) flow.openRow();
  },
  tc: () => flow.openCell(),
  p: () => {
    flow.openParagraph();
    if (titles.has(shape.placeholder)) flow.heading(1);
  },
  pPr: (tag: XmlTag) => {
    if (Number(attribute(tag, "lvl")) > 0) flow.marker("- ");
  },
  br: () => flow.text("\n"),
});

/** Paragraphs of the shapes of a slide, of its notes or of a diagram, in the order of the file. */
const slideEvents = (flow: FlowText, shape: Shape): XmlHandler => {
  const describe = (): void => {
    if (shape.description === "") return;
    flow.openParagraph();
    flow.text(shape.description);
    flow.closeParagraph();
  };
  return byName(
    { ...shapeTags(shape), ...textTags(flow, shape) },
    {
      t: () => {
        shape.inText = false;
      },
      p: () => flow.closeParagraph(),
      tc: () => flow.closeCell(1),
      tbl: () => {
        shape.inTable = false;
        flow.closeTable();
      },
      pic: describe,
      graphicFrame: describe,
    },
    (text) => {
      if (shape.inText && !repeated.has(shape.placeholder)) flow.text(text);
    },
  );
};

type Part = { readonly document: OfficeDocument; readonly writer: BlockWriter };

/** True for a hidden slide. */
const readPart = async ({ document, writer }: Part, path: string): Promise<boolean> => {
  const shape: Shape = { placeholder: "", description: "", inText: false, inTable: false, hidden: false };
  await readXml(document.office.part(path), document.key, slideEvents(flowText(writer), shape));
  return shape.hidden;
};

const textOf = (blocks: readonly Block[]): string => blocks.map(({ text }) => text).join("\n\n");

/** What an untitled slide begins with becomes its heading. */
export const titled = (blocks: readonly Block[]): readonly Block[] => {
  const [first] = blocks;
  const line = first?.text.split("\n", 1)[0]?.trim() ?? "";
  if (first?.kind !== "text" || line.length > longestTitle) return blocks;
  return blocks.map((block) => (block.headings.length === 0 ? { ...block, headings: [line] } : block));
};

const readNotes = async (document: OfficeDocument, path: string): Promise<string> => {
  const apart = blockWriter();
  await readPart({ document, writer: apart }, path);
  const text = textOf(apart.blocks());
  return text === "" ? "" : `Notes: ${text}`;
};

/** A slide with its diagrams and, at its end, its notes. */
const readSlide = async (document: OfficeDocument, path: string, page: number): Promise<readonly Block[]> => {
  const { office, key } = document;
  const writer = blockWriter(page);
  const isHidden = await readPart({ document, writer }, path);
  const relations = await relationsOf(office, path, key);
  for (const diagram of targetsOf(relations, "diagramData"))
    if (office.has(diagram)) await readPart({ document, writer }, diagram);
  for (const notes of targetsOf(relations, "notesSlide"))
    if (office.has(notes)) writer.paragraph(await readNotes(document, notes));
  const blocks = titled(writer.blocks());
  if (!isHidden) return blocks;
  return blocks.map((block) => ({ ...block, headings: ["(hidden slide)", ...block.headings] }));
};

const slidePaths = async (document: OfficeDocument): Promise<readonly string[]> => {
  const paths: string[] = [];
  await readXml(document.office.part(document.mainPath), document.key, {
    open: (tag) => {
      if (tag.name !== "sldId") return;
      const target = document.byId.get(relationId(tag))?.target;
      if (target !== undefined) paths.push(target);
    },
  });
  return paths;
};

/**
 * PowerPoint: a slide is a page, its title the heading; texts, tables, diagrams, descriptions of pictures and the
 * speaker's notes. Hidden slides are read and say so in their heading. Left out: masters, dates, slide numbers, footers.
 */
export const pptxReader: Reader = {
  version: 1,
  read: async (input, nesting) => {
    const document = await openOffice(input, nesting);
    const paths = await slidePaths(document);
    const { pages } = input.limits;
    if (paths.length > pages)
      throw documentFailure(
        "DOCUMENT_TOO_LARGE",
        input.key,
        `has ${paths.length} slides; limits.pages is ${pages}`,
      );
    const blocks: Block[] = [];
    for (const [index, path] of paths.entries()) blocks.push(...(await readSlide(document, path, index + 1)));
    return { blocks, metadata: { ...document.metadata, slides: paths.length } };
  },
};
