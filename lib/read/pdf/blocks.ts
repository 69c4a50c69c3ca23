import type { Block } from "../reader.ts";
import { tableBlocks } from "../table.ts";
import { readingOrder } from "./columns.ts";
import { type Heading, type HeadingFinder, headingFinder, titleKey } from "./headings.ts";
import { joinRegions, type RegionText, textOfRows } from "./paragraphs.ts";
import type { PdfOutlineItem } from "./pdfjs.ts";
import type { PictureText } from "./picture-text.ts";
import { type Part, partsOf, type Row, rowsOf, textOfRow } from "./rows.ts";
import { type PageRuns, withoutRunningLines } from "./running-lines.ts";
import type { Run } from "./runs.ts";

/** A line this near to an edge, and well apart from the text, belongs to no column. */
const edgeShare = 0.08;

/** Head and foot of a page, where it has them, apart from what stands between. */
const withEdgesApart = (runs: readonly Run[], height: number): readonly (readonly Run[])[] => {
  const rows = rowsOf(runs);
  const apart = (row: Row | undefined, next: Row | undefined): boolean =>
    row !== undefined && next !== undefined && Math.abs(next.y - row.y) > 2 * Math.max(row.size, next.size);
  const head = (rows[0]?.y ?? height) < height * edgeShare && apart(rows[0], rows[1]) ? 1 : 0;
  const foot = (rows.at(-1)?.y ?? 0) > height * (1 - edgeShare) && apart(rows.at(-1), rows.at(-2)) ? 1 : 0;
  const runsOf = (some: readonly Row[]): readonly Run[] => some.flatMap((row) => row.runs);
  const end = rows.length - foot;
  return [rows.slice(0, head), rows.slice(head, end), rows.slice(end)].map(runsOf);
};

const regionsOf = ({ groups, width, height }: PageRuns): readonly (readonly Part[])[] => {
  const [level = [], ...turned] = groups;
  const side = Math.max(width, height);
  return [
    ...withEdgesApart(level, height).flatMap((runs) => readingOrder(runs, width)),
    ...turned.flatMap((runs) => readingOrder(runs, side)),
  ].map((region) => partsOf(rowsOf(region)));
};

/** Collects the blocks of the pages; the path of headings goes on from page to page. */
const pageWriter = (headingAt: HeadingFinder) => {
  const blocks: Block[] = [];
  let path: readonly Heading[] = [];
  let texts: RegionText[] = [];
  const headings = (): readonly string[] => path.map(({ title }) => title);
  const flush = (page: number): void => {
    const text = joinRegions(texts).trim();
    if (text !== "") blocks.push({ kind: "text", text, page, headings: headings(), header: "" });
    texts = [];
  };
  const lines = (rows: readonly Row[], page: number): void => {
    let plain: Row[] = [];
    const write = (): void => {
      if (plain.length > 0) texts.push(textOfRows(plain));
      plain = [];
    };
    for (let at = 0; at < rows.length; ) {
      const heading = headingAt(rows, at);
      const row = rows[at];
      if (heading === null) {
        if (row) plain.push(row);
        at++;
        continue;
      }
      write();
      flush(page);
      path = [...path.filter(({ level }) => level < heading.level), heading];
      texts.push({ text: heading.title, open: false, continues: false });
      at += heading.lines;
    }
    write();
  };
  return {
    page: (parts: readonly Part[], page: number): void => {
      for (const part of parts) {
        if (part.kind === "lines") lines(part.rows, page);
        else {
          flush(page);
          blocks.push(...tableBlocks({ ...part.table, page, headings: headings() }));
        }
      }
      flush(page);
    },
    picture: ({ text, confidence }: PictureText, page: number): void => {
      blocks.push({ kind: "text", text, page, headings: headings(), header: "", confidence });
    },
    blocks,
  };
};

/**
 * Blocks of a document in reading order, a page after the other: columns one by one, headings as paths, tables with their
 * header, without what only repeats at the edges of pages.
 * @param pictures by page, from 1: text of those that are pictures
 */
export const blocksOf = (
  pages: readonly PageRuns[],
  outline: readonly PdfOutlineItem[],
  pictures: ReadonlyMap<number, PictureText>,
): readonly Block[] => {
  const kept = withoutRunningLines(pages);
  const parts = kept.map((page) => regionsOf(page).flat());
  const titles = new Set<string>();
  for (const part of parts.flat())
    if (part.kind === "lines") for (const row of part.rows) titles.add(titleKey(textOfRow(row)));
  const writer = pageWriter(headingFinder(kept, titles, outline));
  for (const [at, own] of parts.entries()) {
    writer.page(own, at + 1);
    const picture = pictures.get(at + 1);
    if (picture) writer.picture(picture, at + 1);
  }
  return writer.blocks;
};
