import type { DocumentType } from "./registry.ts";

const looksHtml = (text: string): boolean =>
  /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->)[\s\S])*-->\s*)*<(?:!doctype\s+html|html|head|body)[\s>]/i.test(
    text,
  );

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const isRecord = (line: string): boolean => /^\s*[[{]/.test(line) && parses(line);

/**
 * One record a line: the first line stands by itself and another record follows. `whole` false means that `text` is
 * only the beginning of the document.
 */
const looksJsonLines = (text: string): boolean => {
  const [first, second] = text.split("\n", 2_000).filter((line) => line.trim() !== "");
  return first !== undefined && second !== undefined && isRecord(first) && /^\s*[[{]/.test(second);
};

const looksJson = (text: string, whole: boolean): boolean =>
  /^\s*[[{]/.test(text) && (whole ? parses(text) : /^\s*(?:\{\s*"|\[\s*[[{"\d])/.test(text));

/** Counts of `delimiter` outside quotes, one a line; null where a line has none. */
const delimiterCounts = (lines: readonly string[], delimiter: string): readonly number[] =>
  lines.map((line) => line.replace(/"(?:[^"]|"")*"/g, "").split(delimiter).length - 1);

const sameCounts = (counts: readonly number[], least: number): boolean =>
  counts.every((count) => count === counts[0]) && (counts[0] ?? 0) >= least;

/** A table without being told: every line has the same number of tabs, or of two and more commas or semicolons. */
const looksCsv = (text: string, whole: boolean): boolean => {
  const lines = text.split("\n", 51).filter((line) => line.trim() !== "");
  // The last line of a beginning is cut somewhere.
  const complete = (whole ? lines : lines.slice(0, -1)).slice(0, 50);
  if (complete.length < 3) return false;
  if (sameCounts(delimiterCounts(complete, "\t"), 1)) return true;
  return complete.length >= 4 && [",", ";"].some((d) => sameCounts(delimiterCounts(complete, d), 2));
};

const markdownSigns: readonly RegExp[] = [
  /^#{1,6} \S.*\n(?:[\s\S]*?\n)?#{1,6} \S/m,
  /^#{1,6} \S/m,
  /^(?:```|~~~)/m,
  /\[[^\]\n]{1,200}\]\([^)\s]{1,500}\)/,
  /^\|?(?:\s*:?-{3,}:?\s*\|)+/m,
  /\*\*[^*\n]{1,200}\*\*/,
];

const markdownScore = (text: string): number => markdownSigns.filter((sign) => sign.test(text)).length;

const looksXml = (text: string): boolean => /^\s*<\?xml\s/.test(text);

/** The fields that begin a message (RFC 5322), two of them at least. */
const mailField =
  /^(?:return-path|received|from|to|cc|subject|date|message-id|mime-version|content-type|delivered-to|reply-to|dkim-signature|x-[\w-]+|arc-[\w-]+|list-[\w-]+|thread-[\w-]+|in-reply-to|references|authentication-results|user-agent|sender):/i;
const looksMail = (text: string): boolean => {
  const head = text.split(/\n\s*\n/, 1)[0] ?? "";
  const fields = head.split("\n").filter((line) => !/^[ \t]/.test(line) && line.trim() !== "");
  const names = new Set(fields.map((field) => field.split(":", 1)[0]?.toLowerCase()));
  return (
    fields.length >= 3 &&
    fields.every((field) => /^[\w-]+:/.test(field)) &&
    fields.filter((field) => mailField.test(field)).length >= 3 &&
    (names.has("from") || names.has("received")) &&
    (names.has("date") || names.has("message-id") || names.has("mime-version"))
  );
};

/** What begins in a way that nothing else does, whatever it is called. */
const plainly = (text: string): DocumentType | null => {
  if (looksHtml(text)) return "html";
  if (looksXml(text)) return "xml";
  return looksMail(text.replaceAll("\r\n", "\n")) ? "eml" : null;
};

/** Types that a name decides where nothing in the text speaks against it. */
const believed: readonly DocumentType[] = ["csv", "json", "jsonl", "ipynb", "xml", "eml", "md", "html"];

const unpromised = (text: string, promised: DocumentType | null, whole: boolean): DocumentType => {
  if (looksJsonLines(text)) return "jsonl";
  if (looksJson(text, whole)) return "json";
  if (looksCsv(text, whole)) return "csv";
  // Someone who writes .txt mostly means it: a heading or two are not enough.
  return markdownScore(text) >= (promised === "txt" ? 3 : 2) ? "md" : "txt";
};

/**
 * Which kind of text this is.
 * @param text the beginning of the document, or all of it where `whole`
 * @param promised the type that name and uploader promise; structure that is plainly there wins over it
 */
export const sniffText = (text: string, promised: DocumentType | null, whole: boolean): DocumentType => {
  // Programs hold pages of HTML, mail and XML.
  if (promised === "code") return "code";
  const plain = plainly(text);
  if (plain !== null && promised !== "eml") return plain;
  if (promised === "json" && looksJsonLines(text)) return "jsonl";
  if (promised === "jsonl" && !looksJsonLines(text) && looksJson(text, whole) && whole) return "json";
  if (promised !== null && believed.includes(promised)) return promised;
  return unpromised(text.slice(0, 16_384), promised, whole && text.length <= 16_384);
};
