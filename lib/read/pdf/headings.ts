import { sentenceEnd } from "../unwrap.ts";
import type { PdfOutlineItem } from "./pdfjs.ts";
import { leftOf, type Row, rightOf, textOfRow } from "./rows.ts";
import type { PageRuns } from "./running-lines.ts";
import type { Run } from "./runs.ts";

/** Larger than the text by this much. */
const leastRatio = 1.15;
const mostLines = 3;
const mostLetters = 200;
const mostLevels = 6;
const mostOutline = 5_000;
/** Share of the letters that a font of headings has at most. */
const rareShare = 0.15;

/** `lines` of the rows at hand are a heading of `level`, 1 the outermost. */
export type Heading = { readonly level: number; readonly title: string; readonly lines: number };
export type HeadingFinder = (rows: readonly Row[], at: number) => Heading | null;

const roundSize = (size: number): number => Math.round(size * 2) / 2;

/** `2.1 Thermals` in the text is `Thermals` in an outline, or the other way round. */
const plain = (title: string): string =>
  title
    .normalize("NFKC")
    .replace(/^[\s\d.、）)]+(?=\D)/, "")
    .replace(/\s+/g, "")
    .toLowerCase();

const levelsOf = (outline: readonly PdfOutlineItem[]): Map<string, number> => {
  const levels = new Map<string, number>();
  const add = (items: readonly PdfOutlineItem[], level: number): void => {
    for (const { title, items: below } of items) {
      if (levels.size >= mostOutline) return;
      const key = plain(title);
      if (key !== "" && !levels.has(key)) levels.set(key, level);
      if (level < mostLevels) add(below, level + 1);
    }
  };
  add(outline, 1);
  return levels;
};

/** How many letters have each value, and in all. */
const lettersBy = <Key>(pages: readonly PageRuns[], keyOf: (run: Run) => Key) => {
  const letters = new Map<Key, number>();
  let all = 0;
  for (const run of pages.flatMap(({ groups }) => groups.flat())) {
    const key = keyOf(run);
    letters.set(key, (letters.get(key) ?? 0) + run.text.length);
    all += run.text.length;
  }
  return { letters, all };
};

/** The size most letters have. */
const bodySize = (pages: readonly PageRuns[]): number => {
  const { letters } = lettersBy(pages, (run) => roundSize(run.size));
  let [size, most] = [0, 0];
  for (const [at, count] of letters) if (count > most) [size, most] = [at, count];
  return size;
};

/** Fonts of few letters, the bold one of headings among them; what is rare in a short text says nothing. */
const rareFonts = (pages: readonly PageRuns[]): ReadonlySet<string> => {
  const { letters, all } = lettersBy(pages, (run) => run.font);
  return new Set([...letters].filter(([, count]) => count < rareShare * all).map(([font]) => font));
};

const isTitle = (text: string): boolean => /\p{L}/u.test(text) && text.length <= mostLetters;

/** Rows of one size, close below each other: a heading of several lines. */
const sameSize = (rows: readonly Row[], at: number): number => {
  const first = rows[at];
  let lines = 1;
  for (let next = at + 1; first && next < rows.length; next++, lines++) {
    const [row, before] = [rows[next], rows[next - 1]];
    if (!row || !before || roundSize(row.size) !== roundSize(first.size)) break;
    if (row.y - before.y > 1.7 * row.size || row.y < before.y) break;
  }
  return lines;
};

const textOf = (rows: readonly Row[], at: number, lines: number): string =>
  rows
    .slice(at, at + lines)
    .map(textOfRow)
    .join(" ");

const byOutline =
  (levels: ReadonlyMap<string, number>): HeadingFinder =>
  (rows, at) => {
    for (let lines = 1; lines <= mostLines && at + lines <= rows.length; lines++) {
      const title = textOf(rows, at, lines);
      const level = levels.get(plain(title));
      if (level !== undefined) return { level, title, lines };
    }
    return null;
  };

/** A short line in another font, with room above, over text: `1.2 Signals at night` in bold. */
const standsOut = (rows: readonly Row[], at: number, rare: ReadonlySet<string>): boolean => {
  const [row, before, next] = [rows[at], rows[at - 1], rows[at + 1]];
  if (!row || !next || !row.runs.every((run) => rare.has(run.font))) return false;
  const apart = before === undefined || row.y - before.y > 1.4 * row.size;
  const over = next.runs.some((run) => !rare.has(run.font)) && next.y - row.y < 3 * row.size;
  const text = textOfRow(row);
  // A line that the margin ended is one of a paragraph: Chinese text may change its font from line to line.
  const widest = Math.max(...rows.map((other) => rightOf(other)));
  const short = rightOf(row) - leftOf(row) < 0.8 * (widest - leftOf(row));
  return apart && over && short && isTitle(text) && text.length <= 80 && !sentenceEnd.test(text);
};

/** `1.2 Signals` is below `1 The watch`. */
const depthOf = (title: string): number =>
  Math.max(1, /^\d+(?:\.\d+)*/.exec(title)?.[0].split(".").length ?? 1);

const byLook =
  (sizes: readonly number[], rare: ReadonlySet<string>): HeadingFinder =>
  (rows, at) => {
    const level = sizes.indexOf(roundSize(rows[at]?.size ?? 0)) + 1;
    if (level === 0) {
      if (!standsOut(rows, at, rare)) return null;
      const title = textOf(rows, at, 1);
      return { level: Math.min(sizes.length + depthOf(title), mostLevels), title, lines: 1 };
    }
    const lines = sameSize(rows, at);
    const title = textOf(rows, at, lines);
    return lines <= mostLines && isTitle(title) ? { level: Math.min(level, mostLevels), title, lines } : null;
  };

/**
 * How headings are told: by the outline where its titles stand in the text, else by their look: by size, the largest
 * outermost, then by a font of their own.
 */
export const headingFinder = (
  pages: readonly PageRuns[],
  rowTexts: ReadonlySet<string>,
  outline: readonly PdfOutlineItem[],
): HeadingFinder => {
  const levels = levelsOf(outline);
  const found = [...levels.keys()].filter((title) => rowTexts.has(title)).length;
  if (found > 0 && found >= levels.size / 2) return byOutline(levels);
  const body = bodySize(pages);
  const larger = new Set<number>();
  for (const { groups } of pages)
    for (const { size, text } of groups[0] ?? [])
      if (size >= body * leastRatio && isTitle(text)) larger.add(roundSize(size));
  return byLook(
    [...larger].sort((a, b) => b - a),
    rareFonts(pages),
  );
};

/** As titles of an outline are compared. */
export const titleKey = plain;
