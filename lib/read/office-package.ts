import { type ArchiveFile, openArchive } from "./archive.ts";
import { documentFailure } from "./failures.ts";
import type { Nesting, ReadInput } from "./reader.ts";
import { attribute, readXml } from "./xml-events.ts";

/** The parts of a document that is a ZIP archive: OOXML, OpenDocument, EPUB. */
export type OfficePackage = {
  has(path: string): boolean;
  /** @throws AppError `CORRUPT_DOCUMENT` where there is no such part; as ArchiveFile.stream */
  part(path: string): ArchiveFile;
};

/** @throws AppError as openArchive; `CORRUPT_DOCUMENT` where two parts have one name: readers would not agree on which counts */
export const openPackage = async (input: ReadInput, nesting: Nesting): Promise<OfficePackage> => {
  const files = await openArchive(input, nesting);
  const byPath = new Map<string, ArchiveFile>();
  for (const file of files) {
    const name = file.path.toLowerCase();
    if (byPath.has(name))
      throw documentFailure("CORRUPT_DOCUMENT", input.key, `holds ${file.path} twice; save it again`);
    byPath.set(name, file);
  }
  return {
    has: (path) => byPath.has(path.toLowerCase()),
    part: (path) => {
      const file = byPath.get(path.toLowerCase());
      if (file === undefined)
        throw documentFailure("CORRUPT_DOCUMENT", input.key, `has no part ${path}; save it again`);
      return file;
    },
  };
};

export type Relation = { readonly type: string; readonly target: string; readonly external: boolean };

/** `target` as seen from the part `from`, without "." and "..". */
export const resolvePart = (from: string, target: string): string => {
  const parts = target.startsWith("/") ? [] : from.split("/").slice(0, -1);
  for (const step of target.split("/")) {
    if (step === "..") parts.pop();
    else if (step !== "" && step !== ".") parts.push(step);
  }
  return parts.join("/");
};

/** What a part of an OOXML document refers to, by id; `type` is the last word of the relationship's type. */
export const relationsOf = async (
  office: OfficePackage,
  path: string,
  key: string,
): Promise<ReadonlyMap<string, Relation>> => {
  const relations = new Map<string, Relation>();
  const name = path.replace(/([^/]*)$/, "_rels/$1.rels");
  if (!office.has(name)) return relations;
  await readXml(office.part(name), key, {
    open: (tag) => {
      if (tag.name !== "Relationship") return;
      const type = attribute(tag, "Type").split("/").at(-1) ?? "";
      const external = attribute(tag, "TargetMode") === "External";
      const target = attribute(tag, "Target");
      relations.set(attribute(tag, "Id"), {
        type,
        target: external ? target : resolvePart(path, target),
        external,
      });
    },
  });
  return relations;
};

/** Targets of one type, in the order they are listed. */
export const targetsOf = (relations: ReadonlyMap<string, Relation>, type: string): readonly string[] =>
  [...relations.values()]
    .filter((relation) => relation.type === type && !relation.external)
    .map(({ target }) => target);
