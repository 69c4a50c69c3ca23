import { SaxesParser } from "saxes";
import { AppError } from "../errors.ts";
import type { ArchiveFile } from "./archive.ts";
import { documentFailure, reason } from "./failures.ts";

export type XmlTag = {
  /** Without its namespace prefix. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
};

/** What is met, in document order. */
export type XmlHandler = {
  open?(tag: XmlTag): void;
  /** All text between two tags, CDATA included; entities of the document's own stay as they are written. */
  text?(text: string): void;
  close?(name: string): void;
};

const deepest = 1_000;
/** One tag or one stretch of text is held whole, so it may not be longer. */
const longestPiece = 8 * 1024 * 1024;

const local = (name: string): string => name.slice(name.indexOf(":") + 1);

/** An attribute by its name without prefix; "" where there is none. */
export const attribute = ({ attributes }: XmlTag, name: string): string => {
  const plain = attributes[name];
  if (plain !== undefined) return plain;
  const full = Object.keys(attributes).find((each) => each.endsWith(`:${name}`));
  return full === undefined ? "" : (attributes[full] ?? "");
};

/** The attribute `r:id` and its like, beside which a plain `id` may stand. */
export const relationId = ({ attributes }: XmlTag, name = "id"): string => {
  const full = Object.keys(attributes).find((each) => each.endsWith(`:${name}`));
  return full === undefined ? "" : (attributes[full] ?? "");
};

/** A switch of OOXML: present and not off. */
export const isOn = (tag: XmlTag): boolean => !["0", "false", "off"].includes(attribute(tag, "val"));

type OnTag = (tag: XmlTag) => void;

/** A handler of a few elements, each by its name; all others are passed over, what is inside them is not. */
export const byName = (
  open: Readonly<Record<string, OnTag>>,
  close: Readonly<Record<string, () => void>>,
  text: (text: string) => void = () => undefined,
): XmlHandler => {
  const opens = new Map(Object.entries(open));
  const closes = new Map(Object.entries(close));
  return {
    open: (tag) => opens.get(tag.name)?.(tag),
    close: (name) => closes.get(name)?.(),
    text,
  };
};

/** `handler` without the elements that `skips` chooses and all that is inside them. */
export const without = (skips: (tag: XmlTag) => boolean, handler: XmlHandler): XmlHandler => {
  let depth = 0;
  let from = Number.POSITIVE_INFINITY;
  return {
    open: (tag) => {
      depth++;
      if (depth < from && skips(tag)) from = depth;
      if (depth < from) handler.open?.(tag);
    },
    text: (text) => {
      if (depth < from) handler.text?.(text);
    },
    close: (name) => {
      if (depth < from) handler.close?.(name);
      else if (depth === from) from = Number.POSITIVE_INFINITY;
      depth--;
    },
  };
};

/**
 * A parser that takes XML in pieces. Entities that a document declares are never expanded, so no few lines become
 * gigabytes; external ones are never fetched.
 * @throws Error from `write` and `close` where it is not well-formed or nests more than 1,000 deep
 */
export const xmlParser = (handler: XmlHandler) => {
  const parser = new SaxesParser<{ xmlns: false }>({ xmlns: false });
  let depth = 0;
  let pending = 0;
  parser.on("error", (error) => {
    if (!/undefined entity/.test(error.message)) throw error;
  });
  parser.on("opentag", ({ name, attributes }) => {
    pending = 0;
    if (++depth > deepest) throw new Error(`nested more than ${deepest} deep`);
    handler.open?.({ name: local(name), attributes });
  });
  parser.on("text", (text) => handler.text?.(text));
  parser.on("cdata", (text) => handler.text?.(text));
  parser.on("closetag", ({ name }) => {
    pending = 0;
    depth--;
    handler.close?.(local(name));
  });
  return {
    write: (text: string): void => {
      pending += text.length;
      if (pending > longestPiece)
        throw new Error(`one piece of text has more than ${longestPiece} characters`);
      parser.write(text);
    },
    close: (): void => {
      parser.close();
    },
  };
};

const encodingOf = (first: Uint8Array): string => {
  if (first[0] === 0xff && first[1] === 0xfe) return "utf-16le";
  if (first[0] === 0xfe && first[1] === 0xff) return "utf-16be";
  return "utf-8";
};

/**
 * Reads a part piece by piece; nothing of it is held but what the handler keeps.
 * @throws AppError `CORRUPT_DOCUMENT` naming the part; as ArchiveFile.stream
 */
export const readXml = async (
  part: Pick<ArchiveFile, "path" | "stream">,
  key: string,
  handler: XmlHandler,
): Promise<void> => {
  const parser = xmlParser(handler);
  let decoder: InstanceType<typeof TextDecoder> | null = null;
  try {
    for await (const bytes of part.stream()) {
      decoder ??= new TextDecoder(encodingOf(bytes), { fatal: true });
      parser.write(decoder.decode(bytes, { stream: true }));
    }
    parser.write(decoder?.decode() ?? "");
    parser.close();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw documentFailure("CORRUPT_DOCUMENT", key, `${part.path} is not valid XML: ${reason(error)}`, error);
  }
};
