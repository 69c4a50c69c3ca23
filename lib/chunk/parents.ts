import { utf8Length } from "./boundaries.ts";
import type { Piece } from "./chunker.ts";

/** Raised whenever the same pieces would get other parents: part of the fingerprint where parents are used. */
export const parentsVersion = 1;

/** Bytes of a parent's text as JSON: it goes in a queue message, beside one of its pieces. */
const mostBytes = 32_000;
/** And not more than so many chunks may have (`limits.chunkBytes`). */
const mostChunks = 4;

/** A larger text that stands for neighbouring pieces in answers; the smaller ones are what is searched. */
export type Parent = {
  /** The document's text from the first piece to the last; a table's header before it where it begins among rows. */
  readonly text: string;
  readonly tokens: number;
  readonly charStart: number;
  readonly charEnd: number;
  /** Indices of its pieces: `[from, to)`, at least two. */
  readonly from: number;
  readonly to: number;
};

export type ParentOptions = {
  /** Largest parent, in tokens of the embedding model. */
  readonly tokens: number;
  /** As `ChunkOptions.maxBytes`, of one piece. */
  readonly maxBytes: number;
  readonly countTokens: (text: string) => number;
};

type Grouping = {
  readonly text: string;
  readonly pieces: readonly Piece[];
  /** Tokens that each piece adds to the pieces before it: an overlap counts once. */
  readonly added: readonly number[];
  readonly options: ParentOptions;
};

const titles = ({ heading }: Piece): readonly string[] => (heading === "" ? [] : heading.split(" › "));

/** How many headings two pieces have in common; −1: they never share a parent (another page, or nothing in common). */
const sharedHeadings = (a: Piece | undefined, b: Piece | undefined): number => {
  if (!a || !b || a.page !== b.page) return -1;
  const [ours, theirs] = [titles(a), titles(b)];
  if (ours.length === 0 && theirs.length === 0) return 0;
  const differs = ours.findIndex((title, at) => title !== theirs[at]);
  const shared = differs < 0 ? ours.length : differs;
  return shared === 0 ? -1 : shared;
};

/** As many pieces from `from` on as fit and belong together; `forced` when the next one does not belong to them. */
const reach = (
  { pieces, added, options }: Grouping,
  from: number,
): { readonly to: number; readonly forced: boolean } => {
  const first = pieces[from];
  let tokens = first?.tokens ?? 0;
  let to = from + 1;
  for (; to < pieces.length; to++) {
    if (sharedHeadings(first, pieces[to]) < 0) return { to, forced: true };
    tokens += added[to] ?? 0;
    if (tokens > options.tokens) return { to, forced: false };
  }
  return { to, forced: true };
};

/** The best place to part them in the second half of what fits: where the fewest headings go on, the last of equals. */
const bestEnd = ({ pieces, added, options }: Grouping, from: number, to: number): number => {
  let tokens = pieces[from]?.tokens ?? 0;
  let best = to;
  let fewest = Number.POSITIVE_INFINITY;
  for (let at = from + 1; at <= to; at++) {
    const shared = sharedHeadings(pieces[at - 1], pieces[at]);
    if (tokens * 2 >= options.tokens && shared <= fewest) [best, fewest] = [at, shared];
    tokens += added[at] ?? 0;
  }
  return best;
};

/** What a piece among the rows of a table repeats before its slice: the header and a line end. */
const headOf = ({ text, charStart, charEnd }: Piece): string =>
  text.slice(0, text.length - (charEnd - charStart));

const parentOf = ({ text, pieces, options }: Grouping, from: number, to: number): Parent | null => {
  const [first, last] = [pieces[from], pieces[to - 1]];
  if (!first || !last) return null;
  const [charStart, charEnd] = [first.charStart, Math.max(first.charEnd, last.charEnd)];
  const whole = headOf(first) + text.slice(charStart, charEnd);
  return { text: whole, tokens: options.countTokens(whole), charStart, charEnd, from, to };
};

/** Tokens do not quite add up, so the true count has the last word: without the last piece until it fits. */
const shrink = (grouping: Grouping, from: number, to: number): Parent | null => {
  const { tokens, maxBytes } = grouping.options;
  const most = Math.min(mostBytes, mostChunks * maxBytes);
  for (let end = to; end > from + 1; end--) {
    const parent = parentOf(grouping, from, end);
    if (parent && parent.tokens <= tokens && utf8Length(JSON.stringify(parent.text)) <= most) return parent;
  }
  return null;
};

/**
 * Puts neighbouring pieces together into parents of up to `tokens`, of one page and under a common heading (or under
 * none), parted rather where a heading ends. A piece that would be alone has no parent: its own text is all there is.
 * Pure, and linear in the length of the text.
 * @param text of the document, in which the pieces' offsets count
 * @param pieces in the order of the document
 */
export const parentsOf = (
  text: string,
  pieces: readonly Piece[],
  options: ParentOptions,
): readonly Parent[] => {
  const added = pieces.map(({ charStart, charEnd }, at) => {
    const before = pieces[at - 1]?.charEnd ?? 0;
    return options.countTokens(text.slice(Math.max(charStart, before), charEnd));
  });
  const grouping = { text, pieces, added, options };
  const parents: Parent[] = [];
  for (let from = 0; from < pieces.length; ) {
    const { to, forced } = reach(grouping, from);
    const parent = shrink(grouping, from, forced ? to : bestEnd(grouping, from, to));
    if (parent) parents.push(parent);
    from = parent?.to ?? from + 1;
  }
  return parents;
};
