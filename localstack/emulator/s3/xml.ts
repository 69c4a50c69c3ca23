import { load } from "cheerio/slim";

/** Control characters too: a parser would normalise them away. */
export const escapeXml = (text: string): string =>
  text.replace(/[&<>"'\p{Cc}]/gu, (character) => `&#${character.charCodeAt(0)};`);

export type XmlFields = { readonly [name: string]: XmlValue | undefined };
type XmlValue = string | readonly XmlValue[] | XmlFields;

const element = (name: string, value: XmlValue | undefined): string => {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.map((item: XmlValue) => element(name, item)).join("");
  if (typeof value === "string") return `<${name}>${escapeXml(value)}</${name}>`;
  const inner = Object.entries(value).map(([child, childValue]) => element(child, childValue));
  return `<${name}>${inner.join("")}</${name}>`;
};

/** A document of nested objects: an array repeats its element, undefined leaves it out. */
export const toXml = (root: string, content: XmlFields): string => {
  const inner = Object.entries(content).map(([name, value]) => element(name, value));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner.join("")}</${root}>`;
};

export type XmlElement = {
  /** Text of the first child of that name. */
  readonly text: (name: string) => string | undefined;
  /** Texts of all children of that name. */
  readonly texts: (name: string) => readonly string[];
  readonly children: (name: string) => readonly XmlElement[];
};

/** The document's root element; anything that is not XML gives one without children. */
export const parseXml = (source: string): XmlElement => {
  const $ = load(source, { xml: true });
  type Selection = ReturnType<typeof $.root>;
  const wrap = (selection: Selection): XmlElement => {
    const named = (name: string) =>
      selection.children().filter((_, node) => "name" in node && node.name === name);
    const texts = (name: string): string[] =>
      named(name)
        .toArray()
        .map((node) => $(node).text());
    return {
      text: (name) => texts(name)[0],
      texts,
      children: (name) =>
        named(name)
          .toArray()
          .map((node) => wrap($(node) as unknown as Selection)),
    };
  };
  return wrap($.root().children().first() as unknown as Selection);
};
