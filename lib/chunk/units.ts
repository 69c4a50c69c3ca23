import type { Block } from "../read/reader.ts";
import {
  clauseEnds,
  cutAt,
  lineEnds,
  type Range,
  sentenceEnds,
  sliceEvery,
  strength,
  utf8Length,
} from "./boundaries.ts";
import type { ChunkOptions } from "./chunker.ts";

/** A table's header as each of its pieces repeats it; empty where it is too large to be repeated. */
export type TableHead = { readonly text: string; readonly tokens: number; readonly bytes: number };

/** The smallest part that is cut from a document: a sentence, a line, a row, or a part of one that is too large. */
export type Unit = Range & {
  readonly tokens: number;
  readonly bytes: number;
  readonly table: TableHead | null;
  /** The first of its block: a table's header is in the unit itself. */
  readonly opens: boolean;
};

type Budget = { readonly tokens: number; readonly bytes: number };
type Sized = Range & Budget;

/** A block and where its text starts in the joined text. */
export type PlacedBlock = Block & { readonly start: number };

/** No vocabulary packs more text than this into a token, so longer ranges need no counting to be too large. */
export const mostCharsPerToken = 24;

const measure = (text: string, range: Range, { countTokens }: ChunkOptions, budget: Budget): Sized | null => {
  if (range.end - range.start > budget.tokens * mostCharsPerToken) return null;
  const bytes = utf8Length(text, range.start, range.end);
  if (bytes > budget.bytes) return null;
  const tokens = countTokens(text.slice(range.start, range.end).trim());
  return tokens > budget.tokens ? null : { ...range, tokens, bytes };
};

/** A code point is never cut, however little room there is. */
const leastSized = (text: string, range: Range, { countTokens }: ChunkOptions): Sized => ({
  ...range,
  tokens: countTokens(text.slice(range.start, range.end)),
  bytes: utf8Length(text, range.start, range.end),
});

const fitSlices = (
  text: string,
  range: Range,
  length: number,
  options: ChunkOptions,
  budget: Budget,
): readonly Sized[] =>
  sliceEvery(text, range, length).flatMap((slice) => {
    const sized = measure(text, slice, options, budget);
    if (sized) return [sized];
    return length === 1
      ? [leastSized(text, slice, options)]
      : fitSlices(text, slice, Math.max(1, length >> 2), options, budget);
  });

/** Fine enough to fill pieces well, coarse enough to count few of them. */
const sliceLength = (budget: Budget): number => Math.min(128, Math.max(8, budget.tokens >> 2));

/** Parts of one range that each fit the budget: the whole, its clauses, or slices. */
const fitting = (text: string, range: Range, options: ChunkOptions, budget: Budget): readonly Sized[] => {
  const whole = measure(text, range, options, budget);
  if (whole) return [whole];
  return cutAt(text, range, clauseEnds).flatMap((clause) => {
    const sized = measure(text, clause, options, budget);
    return sized ? [sized] : fitSlices(text, clause, sliceLength(budget), options, budget);
  });
};

const headOf = (block: Block, options: ChunkOptions): TableHead => {
  const text = block.header;
  const bytes = utf8Length(text);
  const fits =
    text !== "" && bytes * 2 <= options.maxBytes && text.length <= options.size * mostCharsPerToken;
  const tokens = fits ? options.countTokens(text) : 0;
  // A header that takes more than half of every piece says less than the rows it displaces.
  return fits && tokens * 2 <= options.size ? { text, tokens, bytes } : { text: "", tokens: 0, bytes: 0 };
};

/** What a header costs beside its tokens: the line end between it and the rows. */
const joint = 2;

/** Cuts the whole of a block into ranges that cover it. */
type CutBlock = (text: string, whole: Range, block: PlacedBlock) => readonly Range[];

const unitsBy = (text: string, block: PlacedBlock, options: ChunkOptions, cut: CutBlock): readonly Unit[] => {
  const table = block.kind === "table" ? headOf(block, options) : null;
  const budget = {
    tokens: options.size - (table && table.tokens > 0 ? table.tokens + joint : 0),
    bytes: options.maxBytes - (table && table.bytes > 0 ? table.bytes + 1 : 0),
  };
  const whole = { start: block.start, end: block.start + block.text.length, after: strength.paragraph };
  return cut(text, whole, block)
    .flatMap((range) => fitting(text, range, options, budget))
    .map((sized, index) => ({ ...sized, table, opens: index === 0 }));
};

const sentencesOrLines: CutBlock = (text, whole, block) =>
  cutAt(text, whole, block.kind === "text" ? sentenceEnds : lineEnds);

/** Sentences of text, lines of tables and code. */
export const unitsOf = (text: string, block: PlacedBlock, options: ChunkOptions): readonly Unit[] =>
  unitsBy(text, block, options, sentencesOrLines);

/** A whole block where it fits into a piece, its sentences or lines where it does not. */
export const wholeBlocks = (text: string, block: PlacedBlock, options: ChunkOptions): readonly Unit[] => {
  const whole = unitsBy(text, block, options, (_, range) => [range]);
  return whole.length === 1 ? whole : unitsOf(text, block, options);
};

/** About a word or two; rows of a table stay whole. */
const evenLength = 12;

/** Slices of even length that look at words alone, not at what is said. */
export const evenSlices = (text: string, block: PlacedBlock, options: ChunkOptions): readonly Unit[] =>
  unitsBy(text, block, options, (all, whole) =>
    block.kind === "table" ? cutAt(all, whole, lineEnds) : sliceEvery(all, whole, evenLength),
  );

/** Halves of a unit that turned out too large together with what surrounds it; null where it is a single code point. */
export const halves = (text: string, unit: Unit, options: ChunkOptions): readonly Unit[] | null => {
  const length = unit.end - unit.start;
  if (length <= 1) return null;
  const parts = sliceEvery(text, unit, length > 2 ? Math.ceil(length / 2) : 1);
  if (parts.length < 2) return null;
  return parts.map((part, index) => ({
    ...leastSized(text, part, options),
    table: unit.table,
    opens: unit.opens && index === 0,
  }));
};
