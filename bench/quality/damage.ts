/** Ways in which text is damaged on its way, done as they really happen where that can be done. */

type Random = () => number;

const pick = <T>(items: readonly T[], random: Random): T => items[Math.floor(random() * items.length)] as T;

const misread = (text: string, encoding: string): string =>
  new TextDecoder(encoding).decode(new TextEncoder().encode(text));

/** Bytes of GB2312, by asking the decoder for each pair. */
const gbBytes = (() => {
  const known = new Map<string, readonly number[]>();
  const decoder = new TextDecoder("gb18030");
  for (let lead = 0xa1; lead <= 0xf7; lead++)
    for (let trail = 0xa1; trail <= 0xfe; trail++)
      known.set(decoder.decode(Uint8Array.of(lead, trail)), [lead, trail]);
  return (text: string): Uint8Array =>
    Uint8Array.from([...text].flatMap((char) => known.get(char) ?? [char.charCodeAt(0) & 0x7f]));
})();

/** Chinese bytes decoded as another encoding than theirs. */
const chineseMojibake: readonly ((text: string) => string)[] = [
  (text) => misread(text, "gbk"),
  (text) => misread(text, "windows-1252"),
  (text) => new TextDecoder("windows-1252").decode(gbBytes(text)),
  (text) => new TextDecoder("utf-8").decode(gbBytes(text)),
  (text) => misread(text, "shift_jis"),
];

/** English: two bytes taken for one character, glyph numbers, glyph codes shifted by a subset font, bytes lost. */
const englishMojibake: readonly ((text: string, random: Random) => string)[] = [
  (text) => new TextDecoder("utf-16le").decode(new TextEncoder().encode(text)),
  (text) => [...text.slice(0, 80)].map((char) => `(cid:${char.charCodeAt(0) - 29})`).join(""),
  (text) => [...text].map((c) => (c > " " ? String.fromCharCode(c.charCodeAt(0) - 29) : c)).join(""),
  (text, random) => [...text].map((char) => (random() < 0.25 ? "\ufffd" : char)).join(""),
];

export const mojibake = (text: string, language: "en" | "zh", nth: number, random: Random): string => {
  const ways = language === "zh" ? chineseMojibake : englishMojibake;
  return ways[nth % ways.length]?.(text, random) ?? text;
};

const confused = "|1lI!0O;:,.'`~^_{}[]<>\\/§¢£¥«»¬®°¤";
const confusedHan = "丨丶丿乀乁乚亅冖凵匚卩夂屮巛幺廾彐彡癶皿耒聿艸虍襾釆酉阝黹鼎";

/** What OCR makes of a bad scan: a third of the characters are others, and words fall apart. */
export const badScan = (text: string, language: "en" | "zh", random: Random): string =>
  [...text]
    .map((char) => {
      if (char.trim() === "" || random() > 0.34) return char;
      const other = language === "zh" && random() < 0.7 ? confusedHan : confused;
      return pick([...other], random) + (random() < 0.3 ? " " : "");
    })
    .join("");

const rows = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
const mashed = (random: Random): string =>
  Array.from({ length: 3 + Math.floor(random() * 8) }, () => pick([...pick(rows, random)], random)).join("");

/** Keys hit without looking; random ideographs. */
export const gibberish = (language: "en" | "zh", random: Random): string =>
  language === "en"
    ? `${Array.from({ length: 25 }, () => mashed(random)).join(" ")}.`
    : Array.from({ length: 60 }, (_, i) =>
        i % 14 === 13 ? "。" : String.fromCharCode(0x4e00 + Math.floor(random() * 20_900)),
      ).join("");

const zeroWidth = ["\u200b", "\u2060", "\u200c", "\u2063"];

/** A message that nobody sees in a text that everybody does: in tag characters, or two bits to a zero-width character. */
export const withHidden = (text: string, message: string, nth: number): string => {
  const at = Math.floor(text.length / 2);
  const secret =
    nth % 2 === 0
      ? [...message].map((char) => String.fromCodePoint(0xe0000 + (char.charCodeAt(0) & 0x7f))).join("")
      : [...new TextEncoder().encode(message)]
          .map((byte) => [6, 4, 2, 0].map((bit) => zeroWidth[(byte >> bit) & 3]).join(""))
          .join("");
  return text.slice(0, at) + secret + text.slice(at);
};

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const letters = (n: number, from: string, random: Random): string =>
  Array.from({ length: n }, () => pick([...from], random)).join("");

/** Data that was never text. */
export const blob = (nth: number, random: Random): string => {
  const hex = "0123456789abcdef";
  const kinds = [
    () => letters(320, alphabet, random).replace(/.{76}/g, "$&\n"),
    () => Array.from({ length: 8 }, () => letters(40, hex, random)).join("\n"),
    () =>
      Array.from(
        { length: 6 },
        () => `https://cdn.example.com/${letters(12, hex, random)}/img_${letters(6, alphabet, random)}.jpg`,
      ).join("\n"),
  ];
  return kinds[nth % kinds.length]?.() ?? "";
};

/** Numbers without a word about what they count. */
export const dump = (random: Random): string =>
  Array.from({ length: 12 }, () =>
    Array.from({ length: 6 }, () => (random() * 10 ** Math.floor(random() * 6)).toFixed(2)).join(" "),
  ).join("\n");

/** Lines and ornaments. */
export const ornaments = (nth: number, random: Random): string => {
  const signs = [..."=-*~#+_•■□▪◆★→※|/\\<>^"];
  if (nth % 2 === 0)
    return Array.from({ length: 4 }, () => pick(signs, random).repeat(20 + Math.floor(random() * 40))).join(
      "\n",
    );
  return Array.from({ length: 60 }, () => pick(signs, random)).join(random() < 0.5 ? " " : "");
};
