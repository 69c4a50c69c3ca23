import { type Strength, strength, utf8Length } from "./boundaries.ts";
import type { ChunkOptions, Piece } from "./chunker.ts";
import { confidenceOf } from "./confidence.ts";
import type { Section } from "./sections.ts";
import { halves, type PlacedBlock, type TableHead, type Unit } from "./units.ts";

/** What a strategy decides; the rest (sizes, overlap, headers of tables, offsets) is the same for all. */
export type Policy = {
  /** The smallest parts that a block is cut into, covering it without gaps. */
  readonly unitsOf: (text: string, block: PlacedBlock, options: ChunkOptions) => readonly Unit[];
  /** `best`: cut at the strongest boundary of the second half; `full`: put in all that fits. */
  readonly cut: "best" | "full";
  /** Where the overlap may begin: at sentences, else clauses; or at any unit. */
  readonly overlap: "sentences" | "units";
};

/** Units `[from, to)`, of which those before `fresh` repeat the end of the piece before. */
type Span = { readonly from: number; readonly fresh: number; readonly to: number };

type Packing = {
  readonly text: string;
  readonly units: Unit[];
  readonly section: Section;
  readonly options: ChunkOptions;
  readonly policy: Policy;
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

/**
 * Where the piece after a cut at `fresh` starts: earlier by whole sentences of up to `overlap` tokens, by clauses where a
 * sentence is longer; always behind `start`, where the text of the piece before begins, so that no piece holds another.
 */
const overlapFrom = (
  { units, options, policy }: Packing,
  fresh: number,
  least: number,
  start: number,
): number => {
  const starts = new Map<Strength, number>();
  let tokens = 0;
  if (units[fresh]?.table) return fresh;
  for (let at = fresh - 1; at > least; at--) {
    const unit = units[at];
    const before = units[at - 1];
    if (!unit || !before || unit.table || unit.start <= start) break;
    if (tokens + unit.tokens > options.overlap) break;
    tokens += unit.tokens;
    starts.set(before.after >= strength.sentence ? strength.sentence : before.after, at);
  }
  if (policy.overlap === "units") return Math.min(fresh, ...starts.values());
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

/** The pieces of one section, in order. Linear in its length: each unit is counted once and each piece once. */
export const packSection = (
  text: string,
  section: Section,
  options: ChunkOptions,
  policy: Policy,
): readonly Piece[] => {
  const units = section.blocks.flatMap((block) => policy.unitsOf(text, block, options));
  const packing = { text, units, section, options, policy };
  const pieces: Piece[] = [];
  let fresh = 0;
  let least = 0;
  while (fresh < units.length) {
    const overlapping = overlapFrom(packing, fresh, least, pieces.at(-1)?.charStart ?? -1);
    const filled = fill(packing, overlapping);
    const from = filled.to > fresh ? overlapping : fresh;
    const { to, forced } = from === overlapping ? filled : fill(packing, from);
    const wanted = { from, fresh, to };
    const { span, piece } = shrink(
      packing,
      forced || policy.cut === "full" ? wanted : { ...wanted, to: bestCut(packing, wanted) },
    );
    if (piece) pieces.push(piece);
    least = fresh;
    fresh = span.to;
  }
  return pieces;
};
