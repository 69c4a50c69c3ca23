import type { Metadata } from "../chunk-row.ts";
import { documentFailure } from "./failures.ts";
import { type OfficePackage, openPackage } from "./office-package.ts";
import { readFields } from "./ooxml.ts";
import type { Nesting, ReadInput } from "./reader.ts";
import { readXml } from "./xml-events.ts";

const fields: Readonly<Record<string, string>> = {
  title: "title",
  subject: "subject",
  description: "description",
  keyword: "keywords",
  "initial-creator": "author",
  creator: "lastModifiedBy",
  "creation-date": "created",
  date: "modified",
  language: "language",
};

/** LibreOffice says of each locked part how; the names of the parts stay readable. */
const refuseLocked = async (office: OfficePackage, key: string): Promise<void> => {
  const manifest = "META-INF/manifest.xml";
  if (!office.has(manifest)) return;
  let locked = false;
  await readXml(office.part(manifest), key, {
    open: ({ name }) => {
      if (name === "encryption-data") locked = true;
    },
  });
  if (locked) throw documentFailure("ENCRYPTED_DOCUMENT", key, "needs a password; upload it without");
};

export type OpenDocument = { readonly office: OfficePackage; readonly metadata: Metadata };

/** @throws AppError as openPackage; `ENCRYPTED_DOCUMENT` */
export const openOdf = async (input: ReadInput, nesting: Nesting): Promise<OpenDocument> => {
  const office = await openPackage(input, nesting);
  await refuseLocked(office, input.key);
  const metadata = office.has("meta.xml") ? await readFields(office.part("meta.xml"), input.key, fields) : {};
  const { author = metadata.lastModifiedBy, ...rest } = metadata;
  return { office, metadata: author === undefined ? rest : { ...rest, author } };
};
