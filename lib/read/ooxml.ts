import type { Metadata } from "../chunk-row.ts";
import type { ArchiveFile } from "./archive.ts";
import { flatMetadata } from "./metadata.ts";
import { type OfficePackage, openPackage, type Relation, relationsOf, targetsOf } from "./office-package.ts";
import type { Nesting, ReadInput } from "./reader.ts";
import { readXml } from "./xml-events.ts";

/** An opened docx, pptx or xlsx. */
export type OfficeDocument = {
  readonly key: string;
  readonly office: OfficePackage;
  /** Path of the part that everything begins from. */
  readonly mainPath: string;
  /** What the main part refers to, by id. */
  readonly byId: ReadonlyMap<string, Relation>;
  /** Paths of the main part's relations of one type. */
  relations(type: string): readonly string[];
  readonly metadata: Metadata;
};

const properties: Readonly<Record<string, string>> = {
  title: "title",
  subject: "subject",
  creator: "author",
  keywords: "keywords",
  description: "description",
  language: "language",
  category: "category",
  created: "created",
  modified: "modified",
  lastModifiedBy: "lastModifiedBy",
};

/** Fields of an XML part whose elements hold one value each; `names` says which, and what they are called here. */
export const readFields = async (
  part: ArchiveFile,
  key: string,
  names: Readonly<Record<string, string>>,
): Promise<Metadata> => {
  const fields = new Map<string, string[]>();
  let parts: string[] = [];
  await readXml(part, key, {
    open: () => {
      parts = [];
    },
    text: (text) => {
      parts.push(text);
    },
    close: (name) => {
      const field = names[name];
      const value = parts.join("").trim();
      parts = [];
      if (field !== undefined && value !== "") fields.set(field, [...(fields.get(field) ?? []), value]);
    },
  });
  return flatMetadata(
    Object.fromEntries([...fields].map(([name, values]) => [name, values.length === 1 ? values[0] : values])),
  );
};

/** @throws AppError as openPackage; `CORRUPT_DOCUMENT` where it is not clear which part is the document */
export const openOffice = async (input: ReadInput, nesting: Nesting): Promise<OfficeDocument> => {
  const { key } = input;
  const office = await openPackage(input, nesting);
  const root = await relationsOf(office, "", key);
  const [mainPath = ""] = targetsOf(root, "officeDocument");
  const byId = await relationsOf(office, mainPath, key);
  const [core] = targetsOf(root, "core-properties");
  const metadata =
    core !== undefined && office.has(core) ? await readFields(office.part(core), key, properties) : {};
  return { key, office, mainPath, byId, relations: (type) => targetsOf(byId, type), metadata };
};

/** @throws AppError `CORRUPT_DOCUMENT` where it is missing */
export const mainPart = ({ office, mainPath }: OfficeDocument): ArchiveFile => office.part(mainPath);
