import { type Row, rowsOf, textOfRow } from "./rows.ts";
import type { Run } from "./runs.ts";

/** The text of one page before it is put in order. */
export type PageRuns = {
  readonly width: number;
  readonly height: number;
  /** Level runs, then those of each other direction. */
  readonly groups: readonly (readonly Run[])[];
};

/** Running heads and page numbers stand this near to an edge, and are no more lines than this. */
const edgeShare = 0.13;
const mostLines = 3;
/** On so many pages at least. */
const leastPages = 3;

/** The same line on every page but for its numbers. */
const keyOf = (text: string): string =>
  /^[ivxlc]+$/i.test(text.trim()) ? "#" : text.toLowerCase().replace(/\d+/g, "#").replace(/\s+/g, " ").trim();

/** Tells nothing even once. */
const isPageNumber = (key: string): boolean =>
  key.includes("#") && key.replace(/#|\p{P}|\p{S}|\s|page|pages|of|seite|von|第|页|頁|共/gu, "") === "";

const edgeRows = ({ height, groups }: PageRuns): { readonly key: string; readonly row: Row }[] => {
  const rows = rowsOf(groups[0] ?? []);
  const top = rows.slice(0, mostLines).filter((row) => row.y < height * edgeShare);
  const bottom = rows.slice(-mostLines).filter((row) => row.y > height * (1 - edgeShare));
  return [
    ...top.map((row) => ({ key: `top ${keyOf(textOfRow(row))}`, row })),
    ...bottom.map((row) => ({ key: `bottom ${keyOf(textOfRow(row))}`, row })),
  ];
};

/**
 * Takes away what returns at the edge of page after page: titles above, page numbers below. The first of each stays, so
 * that no words are lost, unless it is nothing but a page number.
 */
export const withoutRunningLines = (pages: readonly PageRuns[]): readonly PageRuns[] => {
  const counts = new Map<string, number>();
  for (const page of pages)
    for (const key of new Set(edgeRows(page).map((edge) => edge.key)))
      counts.set(key, (counts.get(key) ?? 0) + 1);
  const seen = new Set<string>();
  /** The first of each is kept. */
  const goes = (key: string): boolean => {
    if ((counts.get(key) ?? 0) < leastPages) return false;
    const first = !seen.has(key);
    seen.add(key);
    return !first || isPageNumber(key.replace(/^\w+ /, ""));
  };
  return pages.map((page) => {
    const gone = new Set(edgeRows(page).flatMap(({ key, row }) => (goes(key) ? row.runs : [])));
    if (gone.size === 0) return page;
    const [level = [], ...turned] = page.groups;
    return { ...page, groups: [level.filter((run) => !gone.has(run)), ...turned] };
  });
};
