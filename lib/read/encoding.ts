import { isUtf8 } from "node:buffer";
import { analyse } from "chardet";

/** Labels of the WHATWG encoding standard, which Node's TextDecoder knows all of. */
export type Encoding = string;

const sampleBytes = 64 * 1024;

const boms = [
  { encoding: "utf-8", bytes: [0xef, 0xbb, 0xbf] },
  { encoding: "utf-16le", bytes: [0xff, 0xfe] },
  { encoding: "utf-16be", bytes: [0xfe, 0xff] },
] as const;

const startsWith = (bytes: Uint8Array, prefix: readonly number[]): boolean =>
  prefix.every((byte, index) => bytes[index] === byte);

/** The label a declaration stands for, or null where it is none that can be decoded. */
const known = (label: string): Encoding | null => {
  try {
    return new TextDecoder(label.trim()).encoding;
  } catch {
    return null;
  }
};

/**
 * What the uploader or the document itself says: `charset=` of the content type, HTML's meta element, XML's declaration.
 */
const declaredEncoding = (bytes: Uint8Array, contentType: string): Encoding | null => {
  const head = Buffer.from(bytes.subarray(0, 1024)).toString("latin1");
  const label =
    /charset\s*=\s*["']?([\w.:-]+)/i.exec(contentType)?.[1] ??
    /<meta[^>]{0,200}charset\s*=\s*["']?([\w.:-]+)/i.exec(head)?.[1] ??
    /^<\?xml[^>]{0,200}encoding\s*=\s*["']([\w.:-]+)/i.exec(head)?.[1];
  return label === undefined ? null : known(label);
};

/** Where the first byte above ASCII stands: text that begins in ASCII says nothing about its encoding. */
const firstHighByte = (bytes: Uint8Array): number => {
  const found = bytes.findIndex((byte) => byte > 0x7f);
  return found === -1 ? 0 : found;
};

const invalidIn = (bytes: Uint8Array, encoding: Encoding): number => {
  // `stream` leaves a character that the sample cuts in two out, instead of counting it as broken.
  const text = new TextDecoder(encoding).decode(bytes, { stream: true });
  return countInvalid(text);
};

export const countInvalid = (text: string): number => {
  let count = 0;
  for (let at = text.indexOf("\ufffd"); at !== -1; at = text.indexOf("\ufffd", at + 1)) count++;
  return count;
};

const common =
  /[\n\r\t -~\u00a0-\u024f\u0370-\u052f\u2010-\u2027\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff5e]/g;
const separators = /[\n \u3000-\u3002\uff0c]/g;

/** How much `text` looks like writing: 0 to 1, and 0 where nothing separates words or sentences. */
const plausibility = (text: string): number => {
  if (text.length === 0 || text.includes("\0")) return 0;
  const share = (text.match(common)?.length ?? 0) / text.length;
  const separated = (text.match(separators)?.length ?? 0) / text.length;
  return separated < 0.005 ? 0 : share;
};

/**
 * UTF-16 without a mark: one byte order gives writing, the other does not. Text in one-byte encodings read as UTF-16
 * gives a mixture of scripts without a single space or full stop.
 */
const utf16Without = (sample: Uint8Array): Encoding | null => {
  const even = sample.subarray(0, sample.length & ~1);
  const [best, second] = (["utf-16le", "utf-16be"] as const)
    .map((encoding) => ({ encoding, score: plausibility(new TextDecoder(encoding).decode(even)) }))
    .sort((a, b) => b.score - a.score);
  return best && second && best.score > 0.95 && best.score > second.score ? best.encoding : null;
};

/**
 * GB18030 decodes most byte strings without a complaint, so the statistics decide, and it only has the benefit of the
 * doubt where they know nothing (a few characters).
 */
const byStatistics = (sample: Uint8Array): Encoding => {
  const ranked = analyse(sample).flatMap(({ name, confidence }) => {
    const encoding = known(name);
    return encoding === null || encoding === "utf-8" || encoding.startsWith("utf-16")
      ? []
      : [{ encoding, confidence }];
  });
  const clean = ranked.filter(({ encoding }) => invalidIn(sample, encoding) === 0);
  const first = clean[0];
  if (first && first.confidence >= 60) return first.encoding;
  if (invalidIn(sample, "gb18030") === 0 && (first?.confidence ?? 0) < 40) return "gb18030";
  if (first) return first.encoding;
  return (["utf-8", "gb18030"] as const).reduce((a, b) =>
    invalidIn(sample, a) <= invalidIn(sample, b) ? a : b,
  );
};

/** UTF-8 with damage: more whole sequences than broken ones, which other encodings never give by chance. */
const damagedUtf8 = (sample: Uint8Array): boolean => {
  const text = new TextDecoder("utf-8").decode(sample, { stream: true });
  const high = text.match(/[^\p{ASCII}\ufffd]/gu)?.length ?? 0;
  return high > 0 && countInvalid(text) * 2 < high;
};

/**
 * The encoding of a text: its mark, else UTF-8 where all of it is valid, else what is declared where it fits, else by
 * a sample of 64 KiB from the first byte above ASCII.
 */
export const detectEncoding = (bytes: Uint8Array, contentType: string): Encoding => {
  const marked = boms.find((bom) => startsWith(bytes, bom.bytes));
  if (marked) return marked.encoding;
  const nulAt = bytes.subarray(0, sampleBytes).indexOf(0);
  if (nulAt === -1 && isUtf8(bytes)) return "utf-8";
  const head = bytes.subarray(0, sampleBytes);
  const declared = declaredEncoding(bytes, contentType);
  if (declared !== null && invalidIn(head, declared) === 0 && (nulAt === -1 || declared.startsWith("utf-16")))
    return declared;
  const wide = utf16Without(head);
  if (wide !== null) return wide;
  if (isUtf8(bytes)) return "utf-8";
  const from = firstHighByte(bytes);
  const sample = bytes.subarray(from, from + sampleBytes);
  return damagedUtf8(sample) ? "utf-8" : byStatistics(sample);
};
