/** Text in a fixed layout ends lines where the paper ends; narrower lines than this are lists, tables, poems. */
const leastColumns = 40;
/** A line this near to the widest one was ended by the margin. */
const fullShare = 0.8;

const cjk = /[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/;
const cjkEverywhere = new RegExp(cjk.source, "g");
/** A line that ends so has come to its end by itself. */
export const sentenceEnd = /[.!?:;。！？；：…]["'”’」』）)\]]*$/;

/** Columns a line takes: a Chinese character is as wide as two letters. */
export const columns = (line: string): number => line.length + (line.match(cjkEverywhere)?.length ?? 0);

/** Two lines of one sentence: Chinese without a space, words of a hyphen as one. */
export const joinLines = (before: string, after: string): string => {
  const last = before.at(-1) ?? "";
  const first = after[0] ?? "";
  if (cjk.test(last) && cjk.test(first)) return before + after;
  // A hyphen between lower-case letters at the margin is one of typesetting.
  if (/\p{Ll}-$/u.test(before) && /^\p{Ll}/u.test(after)) return before.slice(0, -1) + after;
  return `${before} ${after}`;
};

/**
 * Joins the lines that only the margin parted, so that sentences and Chinese words are whole again: a line continues
 * in the next one when it is nearly as wide as the widest and does not end a sentence.
 */
export const unwrapLines = (text: string): string => {
  const lines = text.split("\n").map((line) => line.trimEnd());
  const widest = lines.reduce((most, line) => Math.max(most, columns(line)), 0);
  const full = Math.max(leastColumns, widest * fullShare);
  const joined: string[] = [];
  let open = false;
  for (const line of lines) {
    const continues = open && line.trim() !== "";
    if (continues) joined[joined.length - 1] = joinLines(joined.at(-1) ?? "", line.trimStart());
    else joined.push(line);
    open = columns(line) >= full && !sentenceEnd.test(line);
  }
  return joined.join("\n");
};
