import { hashParts } from "../ids.ts";

/** S3's limit for a key, in UTF-8 bytes. */
const maxKeyBytes = 1024;
const folder = "ledger/";
const suffix = ".json";
const maxEscapedBytes = maxKeyBytes - folder.length - suffix.length;
/** What is kept of a longer one; `~` and 32 hex characters follow. */
const maxCutBytes = maxEscapedBytes - 33;

const percent = (character: string): string =>
  [...Buffer.from(character, "utf8")]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join("");

/** Not allowed in XML listings, or changed by URL normalisation; `~` marks a cut key, `%` an escape. */
const unsafe = (code: number): boolean =>
  code < 0x20 ||
  (code >= 0x7f && code < 0xa0) ||
  code === 0xfffe ||
  code === 0xffff ||
  code === 0x25 ||
  code === 0x5c ||
  code === 0x7e;

/**
 * Escapes an object key so that it survives as part of another key. Each character is escaped by itself and what stands
 * to its left only, so the escape of a prefix is a prefix of the escape: listings by prefix work.
 */
export const escapeKey = (key: string): string => {
  let escaped = "";
  let previous = "/";
  for (const character of key) {
    const startsSegment = previous === "/" && (character === "." || character === "/");
    escaped += startsSegment || unsafe(character.codePointAt(0) ?? 0) ? percent(character) : character;
    previous = character;
  }
  return escaped;
};

/** The longest prefix of whole characters within `maxBytes` of UTF-8. */
const cut = (text: string, maxBytes: number): string => {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
};

/** Where the state bucket keeps the ledger entry of an object; different keys never share one. */
export const entryKey = (key: string): string => {
  const escaped = escapeKey(key);
  const name =
    Buffer.byteLength(escaped) <= maxEscapedBytes
      ? escaped
      : `${cut(escaped, maxCutBytes)}~${hashParts("key", key)}`;
  return `${folder}${name}${suffix}`;
};

/** Every entry of a key that begins with `prefix` is listed under this; a few others may be (very long prefixes). */
export const entryPrefix = (prefix: string): string => `${folder}${cut(escapeKey(prefix), maxCutBytes)}`;
