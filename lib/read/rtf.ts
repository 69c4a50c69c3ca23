import { documentFailure } from "./failures.ts";
import { flatMetadata } from "./metadata.ts";
import type { Reader } from "./reader.ts";
import { rtfBody } from "./rtf-body.ts";
import { encodingOfCharset, encodingOfPage, type RtfToken, rtfTokens } from "./rtf-tokens.ts";

/** Where text goes: the document, a table of names, a field of the document's properties, or nowhere. */
type Place = "body" | "note" | "fonts" | "styles" | "info" | "nowhere";
type Group = {
  readonly place: Place;
  /** Readers that do not know its destination must leave it out; some of these are read here. */
  readonly optional: boolean;
  readonly encoding: string;
  readonly hidden: boolean;
  /** Characters after `\u` that stand for the same in older readers. */
  readonly fallback: number;
  /** In `info` the field, in `styles` and `fonts` the number. */
  readonly name: string;
};

const places = new Map<string, Place>([
  ["fonttbl", "fonts"],
  ["stylesheet", "styles"],
  ["info", "info"],
  ["footnote", "note"],
  ["annotation", "note"],
]);
const nowhere = new Set(
  "colortbl pict object header headerl headerr headerf footer footerl footerr footerf fldinst nonshppict listtext pntext ftnsep aftnsep themedata colorschememapping datastore listtable listoverridetable revtbl rsidtbl generator xmlnstbl atnid atnauthor atntime atndate xe tc bkmkstart bkmkend sp sn".split(
    " ",
  ),
);
const infoFields = new Map([
  ["title", "title"],
  ["author", "author"],
  ["subject", "subject"],
  ["keywords", "keywords"],
  ["doccomm", "description"],
  ["operator", "lastModifiedBy"],
]);
const characters = new Map([
  ["tab", "\t"],
  ["line", "\n"],
  ["emdash", "—"],
  ["endash", "–"],
  ["lquote", "‘"],
  ["rquote", "’"],
  ["ldblquote", "“"],
  ["rdblquote", "”"],
  ["bullet", "•"],
  ["emspace", " "],
  ["enspace", " "],
]);
const signs = new Map([
  ["\\", "\\"],
  ["{", "{"],
  ["}", "}"],
  ["~", "\u00a0"],
  ["_", "-"],
  ["\n", "\n"],
]);
const deepest = 1_000;

/** Where the text of a document's groups ends up. */
const rtfPlaces = () => {
  const fonts = new Map<string, string>();
  const styles = new Map<string, number>();
  const info = new Map<string, string>();
  const body = rtfBody(styles);
  let note = "";
  const nameStyle = (number: string, text: string): void => {
    const level = /^(?:heading|标题)\s*(\d)/i.exec(text)?.[1];
    if (level !== undefined) styles.set(number, Number(level));
    else if (/^title;?$/i.test(text)) styles.set(number, 1);
  };
  const putNamed = (place: Place, name: string, text: string): void => {
    if (place === "info") info.set(name, (info.get(name) ?? "") + text);
    if (place === "styles") nameStyle(name, text.trim());
  };
  return {
    fonts,
    styles,
    info,
    body,
    put: ({ place, hidden, name }: Group, text: string): void => {
      const isSeen = !hidden;
      if (place === "body" && isSeen) body.text(text);
      else if (place === "note" && isSeen) note += text;
      else if (name !== "") putNamed(place, name, text);
    },
    endNote: (): void => {
      if (note.trim() !== "") body.note(note);
      note = "";
    },
  };
};

/** Groups within groups: each has the settings of the one around it until it changes them. */
const rtfGroups = (into: ReturnType<typeof rtfPlaces>) => {
  const outer: Group[] = [];
  let group: Group = {
    place: "body",
    optional: false,
    encoding: "windows-1252",
    hidden: false,
    fallback: 1,
    name: "",
  };
  const change = (next: Partial<Group>): void => {
    group = { ...group, ...next };
  };
  const goTo = (word: string): boolean => {
    const field = group.place === "info" ? infoFields.get(word) : undefined;
    const place = nowhere.has(word) ? "nowhere" : places.get(word);
    if (field !== undefined) change({ name: field });
    else if (place !== undefined && group.place !== "nowhere") change({ place, optional: false });
    else return false;
    return true;
  };
  return {
    now: () => group,
    depth: () => outer.length,
    change,
    goTo,
    open: (): void => {
      if (outer.push(group) > deepest) throw new Error(`nested more than ${deepest} deep`);
    },
    close: (): void => {
      const { place } = group;
      group = outer.pop() ?? group;
      if (place === "note" && group.place !== "note") into.endNote();
    },
  };
};

type Groups = ReturnType<typeof rtfGroups>;
type OnWord = (value: number | null) => void;

/** Control words about characters: their encoding, whether they are seen. */
const characterWords = (groups: Groups, into: ReturnType<typeof rtfPlaces>): ReadonlyMap<string, OnWord> =>
  new Map<string, OnWord>([
    ["ansicpg", (value) => groups.change({ encoding: encodingOfPage(value ?? 1252) })],
    ["uc", (value) => groups.change({ fallback: value ?? 1 })],
    ["v", (value) => groups.change({ hidden: value !== 0 })],
    ["plain", () => groups.change({ hidden: false })],
    [
      "f",
      (value) => {
        const number = String(value ?? 0);
        const { place, encoding } = groups.now();
        groups.change(
          place === "fonts" ? { name: number } : { encoding: into.fonts.get(number) ?? encoding },
        );
      },
    ],
    [
      "fcharset",
      (value) => {
        const encoding = encodingOfCharset(value ?? 0);
        if (groups.now().place === "fonts" && encoding !== null) into.fonts.set(groups.now().name, encoding);
      },
    ],
  ]);

type Places = ReturnType<typeof rtfPlaces>;

/** Control words about paragraphs, of the body or of its styles. */
const paragraphWord = (groups: Groups, into: Places, word: string, value: number | null): void => {
  const { place, optional, name } = groups.now();
  if (place === "body" && !optional) into.body.word(word, value);
  if (place !== "styles") return;
  if (word === "s") groups.change({ name: String(value ?? 0) });
  if (word === "outlinelevel" && value !== null && value < 9) into.styles.set(name, value + 1);
};

/** Units above 32,767 are written as negative numbers. */
const utf16 = (value: number | null): string => String.fromCharCode(((value ?? 0) + 65_536) % 65_536);

type Controls = { readonly groups: Groups; readonly into: Places; put(text: string): void };

const onControl = ({ groups, into, put }: Controls, word: string, value: number | null): void => {
  const character = word === "u" ? utf16(value) : characters.get(word);
  if (character !== undefined) put(character);
  else if (!groups.goTo(word)) paragraphWord(groups, into, word, value);
};

const rtfDocument = () => {
  const into = rtfPlaces();
  const groups = rtfGroups(into);
  let bytes: number[] = [];
  let skip = 0;
  const put = (text: string): void => {
    if (!groups.now().optional) into.put(groups.now(), text);
  };
  const settings = characterWords(groups, into);
  const onWord = (word: string, value: number | null): void => {
    const setting = settings.get(word);
    if (word === "u") skip = groups.now().fallback;
    if (setting) setting(value);
    else onControl({ groups, into, put }, word, value);
  };
  /** Characters of two bytes come as two escapes, so they wait for one another. */
  const flush = (): void => {
    if (bytes.length > 0) put(new TextDecoder(groups.now().encoding).decode(Uint8Array.from(bytes)));
    bytes = [];
  };
  const onText = (text: string): void => {
    const told = text.slice(skip);
    skip = Math.max(0, skip - text.length);
    // The second byte of a character may be a letter that needs no escape.
    if (bytes.length > 0) bytes.push(...Buffer.from(told, "latin1"));
    else put(told);
  };
  const onByte = (byte: number): void => {
    if (skip > 0) skip--;
    else bytes.push(byte);
  };
  const onOther = (token: Exclude<RtfToken, { kind: "byte" | "text" }>): void => {
    flush();
    skip = 0;
    if (token.kind === "word") onWord(token.word, token.value);
    else if (token.kind === "open") groups.open();
    else if (token.kind === "close") groups.close();
    else if (token.sign === "*") groups.change({ optional: true });
    else put(signs.get(token.sign) ?? "");
  };
  return {
    token: (token: RtfToken): void => {
      if (token.kind === "byte") onByte(token.byte);
      else if (token.kind === "text") onText(token.text);
      else onOther(token);
    },
    /** Groups that were opened and not closed. */
    open: groups.depth,
    end: () => {
      flush();
      return { blocks: into.body.blocks(), metadata: flatMetadata(Object.fromEntries(into.info)) };
    },
  };
};

/**
 * Rich text: paragraphs under their headings (styles and outline levels), lists, tables; foot notes after their
 * paragraph. Left out: pictures, hidden text, headers and footers of pages.
 */
export const rtfReader: Reader = {
  version: 1,
  read: async ({ bytes, key }) => {
    const document = rtfDocument();
    for (const token of rtfTokens(Buffer.from(bytes).toString("latin1"))) document.token(token);
    if (document.open() > 0)
      throw documentFailure("CORRUPT_DOCUMENT", key, "ends in the middle of its text: the file is cut off");
    return document.end();
  },
};
