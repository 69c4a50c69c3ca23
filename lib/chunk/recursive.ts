import type { Block } from "../read/reader.ts";
import { type Strength, strength, utf8Length } from "./boundaries.ts";
import type { Chunker, ChunkOptions, Piece } from "./chunker.ts";
import { confidenceOf } from "./confidence.ts";
import { halves, type PlacedBlock, type TableHead, type Unit, unitsOf } from "./units.ts";

/** What lies between the texts of two blocks. */
const between = "\n\n";

/** Neighbouring blocks of one page under one heading: pieces are filled from all of them, never beyond. */
type Section = {
  readonly page: number | null;
  readonly headings: readonly string[];
  readonly blocks: PlacedBlock[];
};

const place = (blocks: readonly Block[]): readonly PlacedBlock[] => {
  let start = 0;
  return blocks.map((block) => {
    const placed = { ...block, start };
    start += block.text.length + between.length;
    return placed;
  });
};

const startsWith = (path: readonly string[], prefix: readonly string[]): boolean =>
  prefix.length <= path.length && prefix.every((title, index) => path[index] === title);

const bare = (text: string): string => text.replace(/[\s#=*_`~-]/g, "");

const isHeadingOnly = ({ blocks }: Section): boolean =>
  blocks.every(({ text, headings }) => {
    const title = headings.at(-1);
    return title !== undefined && text.length <= 2 * title.length + 50 && bare(text) === bare(title);
  });

/** Sections in order; a heading with nothing of its own under it goes into the section below it. */
const sections = (blocks: readonly PlacedBlock[]): readonly Section[] => {
  const all: Section[] = [];
  for (const block of blocks) {
    const last = all.at(-1);
    const same = last && last.page === block.page && startsWith(block.headings, last.headings);
    if (same && last.headings.length === block.headings.length) last.blocks.push(block);
    else if (same && isHeadingOnly(last)) {
      all.pop();
      all.push({ page: block.page, headings: block.headings, blocks: [...last.blocks, block] });
    } else all.push({ page: block.page, headings: block.headings, blocks: [block] });
  }
  return all;
};

/** Units `[from, to)`, of which those before `fresh` repeat the end of the piece before. */
type Span = { readonly from: number; readonly fresh: number; readonly to: number };

type Packing = {
  readonly text: string;
  readonly units: Unit[];
  readonly section: Section;
  readonly options: ChunkOptions;
};

const noHead: TableHead = { text: "", tokens: 0, bytes: 0 };

/** The header that a piece has to repeat: it starts among the rows of a table. */
const repeatedHead = (units: readonly Unit[], from: number): TableHead => {
  const first = units[from];
  return first?.table && !first.opens ? first.table : noHead;
};

/** A table and what stands before it go together only when that is little: its caption. After a table, text starts anew. */
const mustCut = (before: Unit, next: Unit, tokens: number, size: number): boolean => {
  if (before.table) return next.table === null || next.opens;
  return next.table !== null && tokens * 4 > size;
};

/** As many units from `from` on as fit; `forced` when what follows must not be in the same piece, or nothing follows. */
const fill = (
  { units, options }: Packing,
  from: number,
): { readonly to: number; readonly forced: boolean } => {
  const head = repeatedHead(units, from);
  let tokens = head.tokens;
  let bytes = head.bytes + 1;
  let before: Unit | undefined;
  let to = from;
  for (let unit = units[to]; unit !== undefined; unit = units[to]) {
    if (before && mustCut(before, unit, tokens, options.size)) return { to, forced: true };
    tokens += unit.tokens;
    bytes += unit.bytes + (before ? unit.start - before.end : 0);
    if (before && (tokens > options.size || bytes > options.maxBytes)) return { to, forced: false };
    before = unit;
    to++;
  }
  return { to, forced: true };
};

/** The best place to cut in the second half of what fits: the strongest, and the last of equals. */
const bestCut = ({ units, options }: Packing, span: Span): number => {
  let tokens = 0;
  let best = span.to;
  let found: Strength = strength.inside;
  for (let at = span.from; at < span.to; at++) {
    const unit = units[at];
    if (!unit) break;
    tokens += unit.tokens;
    if (at < span.fresh || (tokens * 2 < options.size && at + 1 < span.to)) continue;
    if (unit.after >= found) {
      best = at + 1;
      found = unit.after;
    }
  }
  return best;
};

/** Where the piece after a cut at `fresh` starts: earlier by whole sentences of up to `overlap` tokens, by clauses where a sentence is longer. */
const overlapFrom = ({ units, options }: Packing, fresh: number, least: number): number => {
  const starts = new Map<Strength, number>();
  let tokens = 0;
  if (units[fresh]?.table) return fresh;
  for (let at = fresh - 1; at > least; at--) {
    const unit = units[at];
    const before = units[at - 1];
    if (!unit || !before || unit.table || tokens + unit.tokens > options.overlap) break;
    tokens += unit.tokens;
    starts.set(before.after >= strength.sentence ? strength.sentence : before.after, at);
  }
  return starts.get(strength.sentence) ?? starts.get(strength.clause) ?? fresh;
};

const pieceOf = ({ text, units, section, options }: Packing, { from, to }: Span): Piece | null => {
  const first = units[from];
  const last = units[to - 1];
  if (!first || !last) return null;
  const slice = text.slice(first.start, last.end);
  const trimmed = slice.trim();
  if (trimmed === "") return null;
  const head = repeatedHead(units, from);
  const whole = head.text === "" ? trimmed : `${head.text}\n${trimmed}`;
  const charStart = first.start + slice.indexOf(trimmed);
  return {
    text: whole,
    tokens: options.countTokens(whole),
    page: section.page,
    heading: section.headings.join(" › "),
    charStart,
    charEnd: charStart + trimmed.length,
    modality: units.slice(from, to).some((unit) => unit.table) ? "table" : "text",
    ...confidenceOf(section.blocks, first.start, last.end),
  };
};

const tooLarge = (piece: Piece, { size, maxBytes }: ChunkOptions): boolean =>
  piece.tokens > size || utf8Length(piece.text) > maxBytes;

/** A smaller span: without the overlap, else without the last unit, else with half of the only one; null: no smaller. */
const smaller = ({ text, units, options }: Packing, span: Span): Span | null => {
  if (span.from < span.fresh) return { ...span, from: span.fresh };
  if (span.to - span.from > 1) return { ...span, to: span.to - 1 };
  const only = units[span.from];
  const parts = only ? halves(text, only, options) : null;
  if (!parts) return null;
  units.splice(span.from, 1, ...parts);
  return span;
};

/** Tokens do not quite add up (neighbours merge, spaces count or not), so the true count has the last word. */
const shrink = (packing: Packing, wanted: Span): { readonly span: Span; readonly piece: Piece | null } => {
  let span: Span = wanted;
  let piece = pieceOf(packing, span);
  while (piece && tooLarge(piece, packing.options)) {
    const next = smaller(packing, span);
    if (!next) break;
    span = next;
    piece = pieceOf(packing, span);
  }
  return { span, piece };
};

const packSection = (text: string, section: Section, options: ChunkOptions): readonly Piece[] => {
  const units = section.blocks.flatMap((block) => unitsOf(text, block, options));
  const packing = { text, units, section, options };
  const pieces: Piece[] = [];
  let fresh = 0;
  let least = 0;
  while (fresh < units.length) {
    const overlapping = overlapFrom(packing, fresh, least);
    const filled = fill(packing, overlapping);
    const from = filled.to > fresh ? overlapping : fresh;
    const { to, forced } = from === overlapping ? filled : fill(packing, from);
    const wanted = { from, fresh, to };
    const { span, piece } = shrink(packing, forced ? wanted : { ...wanted, to: bestCut(packing, wanted) });
    if (piece) pieces.push(piece);
    least = fresh;
    fresh = span.to;
  }
  return pieces;
};

/**
 * Cuts at the strongest boundary that fills a piece at least half: between paragraphs, lines, sentences, clauses,
 * words, characters, in this order. Sections (page and heading) are never mixed; within one, small blocks are put
 * together. Linear in the length of the text: each unit is counted once and each piece once.
 */
export const recursiveChunker: Chunker = {
  version: 1,
  chunk: (blocks, options) => {
    const text = blocks.map((block) => block.text).join(between);
    return sections(place(blocks)).flatMap((section) => packSection(text, section, options));
  },
};
