import { withoutStretching } from "./justified.ts";
import { times } from "./matrix.ts";
import type { PdfTextItem, PdfViewport } from "./pdfjs.ts";
import { withoutRadicals } from "./radicals.ts";

/** A stretch of text on one baseline without wide gaps; in points from the upper left corner of the page. */
export type Run = {
  readonly text: string;
  readonly x: number;
  readonly right: number;
  /** Of the baseline, downwards. */
  readonly y: number;
  /** Height of the font. */
  readonly size: number;
  /** pdf.js's name of the font that most of its letters have. */
  readonly font: string;
};

type Piece = Run & { readonly turned: number; readonly spaced: boolean };

/** Wider than a space between words even in justified lines; cells and columns lie further apart. */
const widestSpace = 0.8;
/** A gap that a reader sees as a space, where the file has none. */
const leastSpace = 0.2;

/** Bullets come from fonts of symbols, whose characters have codes of their own. */
const symbol = /^[\ue000-\uf8ff]$/;

const cjk = /[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/;

/** Text that stands on its side is turned until it lies level; `turned` counts quarters. */
const place = (item: PdfTextItem, viewport: PdfViewport): Omit<Piece, "text" | "spaced" | "font"> => {
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = times(viewport.transform, item.transform);
  const turned = (Math.round(Math.atan2(b, a) / (Math.PI / 2)) + 4) % 4;
  const [x, y] = [
    [e, f],
    [f, -e],
    [-e, -f],
    [-f, e],
  ][turned] ?? [e, f];
  return { x: x ?? e, right: (x ?? e) + item.width, y: y ?? f, size: Math.hypot(c, d), turned };
};

/** Does `next` go on where `run` ends? */
const follows = (run: Piece, next: Piece): boolean => {
  const size = Math.max(run.size, next.size);
  const gap = next.x - run.right;
  return (
    run.turned === next.turned &&
    Math.abs(run.y - next.y) <= size * 0.4 &&
    gap > -size * 0.5 &&
    gap <= size * widestSpace
  );
};

const joined = (run: Piece, next: Piece): Piece => {
  const gap = next.x - run.right;
  const parted = next.spaced || gap > leastSpace * Math.min(run.size, next.size);
  const touches = cjk.test(run.text.at(-1) ?? "") && cjk.test(next.text[0] ?? "") && !next.spaced;
  const space = parted && !touches && !/\s$/.test(run.text) && !/^\s/.test(next.text) ? " " : "";
  const larger = run.size >= next.size ? run : next;
  return {
    ...run,
    text: run.text + space + next.text,
    right: Math.max(run.right, next.right),
    // A raised or lowered sign does not move its line.
    y: larger.y,
    size: larger.size,
    font: run.text.length >= next.text.length ? run.font : next.font,
  };
};

/** In the order of the file, which mostly writes a line from left to right. */
const inFileOrder = (pieces: readonly Piece[]): Piece[] => {
  const runs: Piece[] = [];
  for (const piece of pieces) {
    const last = runs.at(-1);
    if (last && follows(last, piece)) runs[runs.length - 1] = joined(last, piece);
    else runs.push(piece);
  }
  return runs;
};

/** What the file wrote out of turn is joined by where it stands. */
const byPlace = (runs: readonly Piece[]): Piece[] => {
  const done: Piece[] = [];
  const rest = runs.toSorted((a, b) => a.x - b.x);
  const open = new Map<number, Piece[]>();
  for (const run of rest) {
    const row = Math.round(run.y / 4);
    const near = [row - 1, row, row + 1].flatMap((at) => open.get(at) ?? []);
    const before = near.find((other) => follows(other, run));
    if (before === undefined) {
      open.set(row, [...(open.get(row) ?? []), run]);
      done.push(run);
      continue;
    }
    const whole = joined(before, run);
    done[done.indexOf(before)] = whole;
    const at = Math.round(before.y / 4);
    open.set(
      at,
      (open.get(at) ?? []).map((other) => (other === before ? whole : other)),
    );
  }
  return done;
};

const piecesOf = (
  items: readonly (PdfTextItem | { readonly type: string })[],
  viewport: PdfViewport,
): Piece[] => {
  const pieces: Piece[] = [];
  let spaced = false;
  for (const item of items) {
    if (!("str" in item)) continue;
    if (item.str.trim() === "") {
      spaced ||= item.str !== "";
      continue;
    }
    const text = symbol.test(item.str.trim()) ? "•" : withoutRadicals(item.str);
    pieces.push({ text, font: item.fontName, spaced, ...place(item, viewport) });
    spaced = /\s$/.test(item.str);
  }
  return pieces;
};

/** The text of a page as runs, level ones first; those that stand on their side follow, each side by itself. */
export const runsOf = (
  items: readonly (PdfTextItem | { readonly type: string })[],
  viewport: PdfViewport,
): readonly (readonly Run[])[] => {
  const pieces = piecesOf(items, viewport);
  return [0, 1, 3, 2]
    .map((turned) => byPlace(inFileOrder(pieces.filter((piece) => piece.turned === turned))))
    .filter((runs) => runs.length > 0)
    .map((runs) =>
      withoutStretching(
        runs.map(({ text, x, right, y, size, font }) => ({
          text: text.replace(/\s+/g, " ").trim(),
          x,
          right,
          y,
          size,
          font,
        })),
      ),
    );
};
