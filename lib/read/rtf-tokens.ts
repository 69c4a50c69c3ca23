/** What RTF is made of (Rich Text Format specification 1.9.1). */
export type RtfToken =
  | { readonly kind: "open" }
  | { readonly kind: "close" }
  | { readonly kind: "word"; readonly word: string; readonly value: number | null }
  | { readonly kind: "byte"; readonly byte: number }
  | { readonly kind: "sign"; readonly sign: string }
  | { readonly kind: "text"; readonly text: string };

const piece = /\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)/gi;

const tokenOf = ([, word, value, byte, sign, brace, text]: RegExpExecArray): RtfToken | null => {
  if (word !== undefined)
    return { kind: "word", word: word.toLowerCase(), value: value === undefined ? null : Number(value) };
  if (byte !== undefined) return { kind: "byte", byte: Number.parseInt(byte, 16) };
  if (sign !== undefined) return { kind: "sign", sign };
  if (brace !== undefined) return { kind: brace === "{" ? "open" : "close" };
  return text === undefined ? null : { kind: "text", text };
};

/** The tokens of a document, one at a time; binary stretches (`\bin`) are passed over. `source` holds a byte a character. */
export function* rtfTokens(source: string): Generator<RtfToken> {
  piece.lastIndex = 0;
  const expression = new RegExp(piece);
  for (let match = expression.exec(source); match !== null; match = expression.exec(source)) {
    const token = tokenOf(match);
    if (token === null) continue;
    if (token.kind === "word" && token.word === "bin") expression.lastIndex += Math.max(0, token.value ?? 0);
    else yield token;
  }
}

/** Encodings of the code pages that `\ansicpg` names and of the character sets of fonts (`\fcharset`). */
const charsets: Readonly<Record<number, string>> = {
  128: "shift_jis",
  129: "euc-kr",
  134: "gb18030",
  136: "big5",
  161: "windows-1253",
  162: "windows-1254",
  163: "windows-1258",
  177: "windows-1255",
  178: "windows-1256",
  186: "windows-1257",
  204: "windows-1251",
  222: "windows-874",
  238: "windows-1250",
};
const pages: Readonly<Record<number, string>> = {
  932: "shift_jis",
  936: "gb18030",
  949: "euc-kr",
  950: "big5",
  10000: "macintosh",
  65001: "utf-8",
};

export const encodingOfCharset = (charset: number): string | null => charsets[charset] ?? null;

export const encodingOfPage = (page: number): string => {
  const label = pages[page] ?? `windows-${page}`;
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return "windows-1252";
  }
};
