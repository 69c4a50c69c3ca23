import type { Piece } from "../chunk/chunker.ts";

/** What a piece is to the measures: prose has sentences; tables and code have not, and are none the worse for it. */
export type Kind = "prose" | "table" | "code";

/** A piece with what several measures look at, counted once. */
export type Subject = {
  readonly text: string;
  readonly kind: Kind;
  /** Trimmed, without blank ones. */
  readonly lines: readonly string[];
  /** Lower-case words of alphabets, and each ideograph or kana by itself, in order. */
  readonly words: readonly string[];
  /** Words of alphabets alone, lower case. */
  readonly latin: readonly string[];
  readonly ideographs: readonly string[];
  /** UTF-16 units that are not white space; at least 1, to divide by. */
  readonly length: number;
  /** Mean confidence of OCR, 0 to 1; null where the text was not recognised. */
  readonly confidence: number | null;
};

const asianChar = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
const wordPattern =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{M}][\p{L}\p{M}\p{N}'’]*|\p{N}+/gu;

/** Of links: no words of any language. */
const addresses = /(?<=\])\([^)\s]*\)|https?:\/\/\S+/g;

/** So much of a line says what it is; patterns stay linear in the text. */
const seen = 300;

const share = (lines: readonly string[], wanted: (line: string) => boolean): number =>
  lines.length === 0 ? 0 : lines.filter((line) => wanted(line.slice(0, seen))).length / lines.length;

/** Lines as programs, queries, mark-up and settings have them. */
const codeLine = new RegExp(
  [
    String.raw`[;{}]$|^[{}()[\]]+[,;]?$`,
    String.raw`^(?:#include|import|from|def|class|return|if|for|while|else|elif|function|const|let|var|public|private|export|select|from|where|insert|update|create|group by|order by|limit|fn|func|package|use|try|catch|except|echo|sudo|set)\b.*(?:[:;{(=]|$)`,
    "^(?:do|done|fi|then|end|esac)$",
    String.raw`^(?:\/\/|#|--|\/\*|\*\s|<\/?\w[^>]*>|"[\w$-]+"\s?:|[\w.-]+:(?:\s*[\w.:/"'-]*\s*(?:#.*)?)?$|\$ )`,
    String.raw`\b[A-Za-z_]\w*\([^)]*\)|=>|:=|\w\s?[-+*/]?=\s?[\w"'{[(-]|&&|\|\|`,
  ].join("|"),
  "i",
);
/** At least one of these, or it is a list of names and values that people read. */
const codeSign =
  /[;{}]$|\b[A-Za-z_]\w*\(.*\)|=>|^\s*(?:import|from|def|class|const|let|function|SELECT|export|#include)\b|^\$ |^#!|&&|^\s*<\w[^>]*>|^\s{2,}\w+:/m;

const looksLikeCode = (text: string, lines: readonly string[]): boolean =>
  lines.length >= 2 &&
  codeSign.test(text) &&
  !/[。，]/.test(text.replace(/(?:#|\/\/|--).*$/gm, "")) &&
  share(lines, (line) => codeLine.test(line)) >= 0.6;

const cells = (line: string): number => line.split(/\s\|\s|\t|^\||\|$/).length - 1;
/** `altitude: 1,700`: a record, one value a line. */
const labelled = /^[\p{L}\p{N}_.[\]()/ -]{1,60}[:：]\s?[^\s_.]/u;
const row = /^(?:\S+\s+){1,7}([\d.,]*\d)\s?%?$/u;

/** Rows whose columns were lost end with their numbers; those of a table of contents only ever grow. */
const endsWithNumbers = (lines: readonly string[]): boolean => {
  const last = lines
    .flatMap((line) => row.exec(line.slice(0, seen))?.[1] ?? [])
    .map((text) => Number(text.replace(/,/g, "")));
  const grows = last.every((value, i) => i === 0 || value >= (last[i - 1] ?? 0));
  return !grows && last.length >= 3 && last.length / lines.length >= 0.5;
};

const looksLikeTable = (lines: readonly string[]): boolean =>
  (lines.length >= 2 && share(lines, (line) => cells(line) >= 1) >= 0.7) ||
  (lines.length >= 3 && share(lines, (line) => labelled.test(line)) >= 0.8) ||
  endsWithNumbers(lines);

const kindOf = ({ text, modality }: Piece, lines: readonly string[]): Kind => {
  if (modality === "table" || looksLikeTable(lines)) return "table";
  return looksLikeCode(text, lines) ? "code" : "prose";
};

export const subjectOf = (piece: Piece): Subject => {
  const { text } = piece;
  const lines = text.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));
  const words = text.replace(addresses, " ").toLowerCase().match(wordPattern) ?? [];
  return {
    text,
    kind: kindOf(piece, lines),
    lines,
    words,
    latin: words.filter((word) => !asianChar.test(word) && /\p{L}/u.test(word)),
    ideographs: words.filter((word) => /\p{Script=Han}/u.test(word)),
    length: Math.max(1, text.replace(/\s/g, "").length),
    confidence: piece.confidence ?? null,
  };
};

/** How much is said, in English words; two ideographs say about as much as one. */
export const contentWords = ({ latin, words }: Subject): number =>
  latin.length + (words.length - latin.length) / 2;

export const clamp = (value: number): number => Math.min(1, Math.max(0, value));
