import type { Block } from "../read/reader.ts";
import { cutAt, sentenceEnds, strength } from "./boundaries.ts";
import type { ChunkOptions, Piece } from "./chunker.ts";
import { type Policy, packSection } from "./packing.ts";
import { joinBlocks, placeBlocks, type Section, sectionsByHeading } from "./sections.ts";
import { mostCharsPerToken, unitsOf } from "./units.ts";

/** Most vectors of one document. With more sentences than this, neighbours share one: the time stays bounded. */
export const mostTexts = 500;
/** What a vector sees of its text, in UTF-16 units: a long line must not cost what a page does. */
const longestText = 200;

type Span = { readonly start: number; readonly end: number };

/** Neighbouring sentences of one section that share a vector; mostly a single one. */
export type Run = Span & {
  /** Row of its vector. */
  readonly row: number;
};

export type Plan = {
  /** The document's text, in which spans count. */
  readonly text: string;
  readonly parts: readonly { readonly section: Section; readonly runs: readonly Run[] }[];
  /** One a row; at most `mostTexts`. */
  readonly texts: readonly string[];
};

/** Of prose only: rows and lines of code have no meaning to part by. */
const sentencesOf = (text: string, { blocks }: Section): readonly Span[] =>
  blocks
    .filter(({ kind }) => kind === "text")
    .flatMap(({ start, text: own }) =>
      cutAt(text, { start, end: start + own.length, after: strength.paragraph }, sentenceEnds),
    )
    .filter(({ start, end }) => text.slice(start, end).trim() !== "");

/** The sentences of a document by section, in at most `mostTexts` rows of equally many. */
export const planRuns = (blocks: readonly Block[]): Plan => {
  const text = joinBlocks(blocks);
  const parts = sectionsByHeading(placeBlocks(blocks)).map((section) => ({
    section,
    sentences: sentencesOf(text, section),
  }));
  const all = parts.flatMap(({ sentences }) => sentences);
  const each = Math.max(1, Math.ceil(all.length / mostTexts));
  const texts = Array.from({ length: Math.ceil(all.length / each) }, (_, row) =>
    all
      .slice(row * each, (row + 1) * each)
      .map(({ start, end }) => text.slice(start, Math.min(end, start + longestText)).trim())
      .join(" ")
      .slice(0, longestText)
      .toWellFormed(),
  );
  let seen = 0;
  const runsOf = (sentences: readonly Span[]): readonly Run[] => {
    const runs: Run[] = [];
    for (const { start, end } of sentences) {
      const row = Math.floor(seen++ / each);
      const last = runs.at(-1);
      if (last?.row === row) runs[runs.length - 1] = { ...last, end };
      else runs.push({ start, end, row });
    }
    return runs;
  };
  return {
    text,
    texts,
    parts: parts.map(({ section, sentences }) => ({ section, runs: runsOf(sentences) })),
  };
};

/** Of the cuts, best first, those that leave at least `least` tokens on both sides; in order. */
const keepApart = (cuts: readonly number[], tokens: readonly number[], least: number): readonly number[] => {
  const before = [0];
  for (const [index, count] of tokens.entries()) before.push((before[index] ?? 0) + count);
  let kept = [0, tokens.length];
  for (const cut of cuts) {
    const at = kept.findIndex((other) => other >= cut);
    const [left = 0, right = tokens.length] = [kept[at - 1], kept[at]];
    const here = before[cut] ?? 0;
    if (here - (before[left] ?? 0) >= least && (before[right] ?? 0) - here >= least)
      kept = [...kept.slice(0, at), cut, ...kept.slice(at)];
  }
  return kept.slice(1, -1);
};

/** A section in parts that begin at `starts`; blocks that lie across one are parted there. */
const cutSection = (section: Section, starts: readonly number[]): readonly Section[] =>
  [0, ...starts].map((from, index) => {
    const to = starts[index] ?? Number.POSITIVE_INFINITY;
    const blocks = section.blocks.flatMap((block) => {
      const start = Math.max(from, block.start);
      const end = Math.min(to, block.start + block.text.length);
      if (start > end || (start === end && block.text !== "")) return [];
      return [{ ...block, start, text: block.text.slice(start - block.start, end - block.start) }];
    });
    return { ...section, blocks };
  });

const policy: Policy = { unitsOf, cut: "best", overlap: "sentences" };

/** What lies between two cuts has at least this share of `size`: less says too little to be found. */
const leastShare = 1 / 8;

/**
 * Fills pieces between the cuts, never over one.
 * @param cutsOf indices of the runs of a part before which to cut, the best first
 */
export const packRuns = (
  { text, parts }: Plan,
  options: ChunkOptions,
  cutsOf: (runs: readonly Run[], part: number) => readonly number[],
): readonly Piece[] => {
  const least = Math.ceil(options.size * leastShare);
  const longest = least * mostCharsPerToken;
  return parts.flatMap(({ section, runs }, part) => {
    const cuts = cutsOf(runs, part);
    if (cuts.length === 0) return packSection(text, section, options, policy);
    const tokens = runs.map(({ start, end }) =>
      end - start > longest ? least : options.countTokens(text.slice(start, end)),
    );
    const starts = keepApart(cuts, tokens, least).flatMap((cut) => runs[cut]?.start ?? []);
    return cutSection(section, starts).flatMap((each) => packSection(text, each, options, policy));
  });
};
