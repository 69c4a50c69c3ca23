import { load } from "cheerio";
import { unpackWhole } from "./archive.ts";
import { decodeText } from "./decode.ts";
import { documentFailure } from "./failures.ts";
import { htmlBlocks } from "./html-blocks.ts";
import { type OfficePackage, openPackage, resolvePart } from "./office-package.ts";
import { readFields } from "./ooxml.ts";
import type { Block, Reader } from "./reader.ts";
import { attribute, readXml } from "./xml-events.ts";

const fields: Readonly<Record<string, string>> = {
  title: "title",
  creator: "author",
  language: "language",
  date: "created",
  publisher: "publisher",
  subject: "keywords",
  description: "description",
  identifier: "identifier",
};

/** Fonts may be scrambled and their book still be read; anything else that is locked is the book. */
const refuseLocked = async (book: OfficePackage, key: string): Promise<void> => {
  const path = "META-INF/encryption.xml";
  if (!book.has(path)) return;
  let locked = false;
  await readXml(book.part(path), key, {
    open: (tag) => {
      if (tag.name === "EncryptionMethod" && !/obfuscation|embedding/i.test(attribute(tag, "Algorithm")))
        locked = true;
    },
  });
  if (locked) throw documentFailure("ENCRYPTED_DOCUMENT", key, "is protected (DRM); upload it without");
};

const packagePath = async (book: OfficePackage, key: string): Promise<string> => {
  let path = "";
  await readXml(book.part("META-INF/container.xml"), key, {
    open: (tag) => {
      if (tag.name === "rootfile" && path === "") path = attribute(tag, "full-path");
    },
  });
  return path;
};

/** Paths of the chapters in reading order. The table of contents repeats their headings, so it is no chapter. */
const chapterPaths = async (book: OfficePackage, opf: string, key: string): Promise<readonly string[]> => {
  const items = new Map<string, string>();
  const spine: string[] = [];
  await readXml(book.part(opf), key, {
    open: (tag) => {
      const isContents = /\bnav\b/.test(attribute(tag, "properties"));
      if (tag.name === "item" && !isContents)
        items.set(attribute(tag, "id"), resolvePart(opf, decodeURIComponent(attribute(tag, "href"))));
      if (tag.name === "itemref") spine.push(attribute(tag, "idref"));
    },
  });
  return spine.flatMap((id) => items.get(id) ?? []).filter((path) => book.has(path));
};

/** EPUB: its chapters in reading order, read as pages of HTML under their headings. */
export const epubReader: Reader = {
  version: 1,
  read: async (input, nesting) => {
    const { key } = input;
    const book = await openPackage(input, nesting);
    await refuseLocked(book, key);
    const opf = await packagePath(book, key);
    const metadata = await readFields(book.part(opf), key, fields);
    const blocks: Block[] = [];
    for (const path of await chapterPaths(book, opf, key)) {
      const bytes = await unpackWhole(book.part(path));
      const { text } = decodeText({ bytes, key: `${key}: ${path}`, contentType: "" });
      const $ = load(text, { xml: false, scriptingEnabled: false });
      $("script, style, [hidden]").remove();
      const [body] = $("body").get();
      if (body) for (const block of htmlBlocks(body)) blocks.push(block);
    }
    return { blocks, metadata };
  },
};
