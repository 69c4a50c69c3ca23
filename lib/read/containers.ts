import { type ArchiveFile, openArchive, unpackWhole } from "./archive.ts";
import { documentFailure } from "./failures.ts";
import { promisedType } from "./promised.ts";
import type { Nesting, ReadInput } from "./reader.ts";
import type { DocumentType } from "./registry.ts";

const zipMarks = ["PK\u0003\u0004", "PK\u0005\u0006"];

export const isZip = (bytes: Uint8Array): boolean =>
  zipMarks.includes(Buffer.from(bytes.subarray(0, 4)).toString("latin1"));

const mimeTypes: Readonly<Record<string, DocumentType>> = {
  "application/epub+zip": "epub",
  "application/vnd.oasis.opendocument.text": "odt",
  "application/vnd.oasis.opendocument.text-template": "odt",
  "application/vnd.oasis.opendocument.presentation": "odp",
  "application/vnd.oasis.opendocument.presentation-template": "odp",
  "application/vnd.oasis.opendocument.spreadsheet": "ods",
  "application/vnd.oasis.opendocument.spreadsheet-template": "ods",
};

/** Parts that only one format has. */
const parts: readonly { readonly part: RegExp; readonly type: DocumentType }[] = [
  { part: /^word\/document\d*\.xml$/i, type: "docx" },
  { part: /^ppt\/presentation\.xml$/i, type: "pptx" },
  { part: /^xl\/workbook\.xml$/i, type: "xlsx" },
  { part: /^META-INF\/container\.xml$/i, type: "epub" },
];

/** Documents in archives that nothing here reads, and what they can be saved as. */
const unreadable: readonly { readonly part: RegExp; readonly what: string }[] = [
  { part: /^xl\/workbook\.bin$/i, what: "a binary Excel workbook (xlsb); save it as xlsx" },
  { part: /^visio\/document\.xml$/i, what: "a Visio drawing (vsdx); export it as PDF" },
  { part: /^Index\/Document\.iwa$/i, what: "an iWork document (pages, numbers, key); export it as PDF" },
  { part: /^META-INF\/MANIFEST\.MF$/, what: "a Java program (jar)" },
  { part: /^AndroidManifest\.xml$/, what: "an Android program (apk)" },
];

const mimeTypeOf = async (files: readonly ArchiveFile[]): Promise<string> => {
  const file = files.find(({ path }) => path === "mimetype");
  return file
    ? Buffer.from(await unpackWhole(file))
        .toString("latin1")
        .trim()
    : "";
};

/**
 * Which kind of document a ZIP archive is, by the parts it has.
 * @throws AppError as openArchive; `UNSUPPORTED_TYPE` for documents that nobody reads as archives
 */
export const containerType = async (
  input: Pick<ReadInput, "bytes" | "key" | "contentType" | "limits">,
): Promise<DocumentType> => {
  const nesting: Nesting = {
    depth: 0,
    budget: { left: 1024 * 1024 },
    readInner: () => Promise.reject(new Error("nothing is read to see what an archive is")),
  };
  const files = await openArchive(input, nesting);
  const has = (part: RegExp): boolean => files.some(({ path }) => part.test(path));
  const byParts = parts.find(({ part }) => has(part))?.type;
  if (byParts !== undefined) return byParts;
  const refused = unreadable.find(({ part }) => has(part));
  if (refused) throw documentFailure("UNSUPPORTED_TYPE", input.key, `is ${refused.what}`);
  const byMime = mimeTypes[await mimeTypeOf(files)];
  if (byMime !== undefined) return byMime;
  const promised = promisedType(input);
  const isOdf = has(/^content\.xml$/) && has(/^META-INF\/manifest\.xml$/);
  return isOdf && (promised === "odp" || promised === "ods" || promised === "odt") ? promised : "zip";
};

const compoundMark = Buffer.from("d0cf11e0a1b11ae1", "hex");

export const isCompound = (bytes: Uint8Array): boolean => compoundMark.equals(bytes.subarray(0, 8));

/** Streams of compound files ([MS-CFB]) by which their formats are told; names are in UTF-16. */
const streams: readonly { readonly stream: string; readonly what: string }[] = [
  { stream: "WordDocument", what: "a Word document of 97 to 2003 (doc); save it as docx" },
  {
    stream: "PowerPoint Document",
    what: "a PowerPoint presentation of 97 to 2003 (ppt); save it as pptx",
  },
  { stream: "Workbook", what: "an Excel workbook of 97 to 2003 (xls); save it as xlsx" },
  { stream: "__properties_version1.0", what: "an Outlook message (msg); save it as eml" },
  { stream: "Book", what: "an Excel workbook of 95 (xls); save it as xlsx" },
];

/** The failure for an older Office document, or one that is locked: both are compound files. */
export const compoundFailure = ({ bytes, key }: Pick<ReadInput, "bytes" | "key">) => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const has = (stream: string): boolean => buffer.includes(Buffer.from(`${stream}\0`, "utf16le"));
  if (has("EncryptedPackage"))
    return documentFailure("ENCRYPTED_DOCUMENT", key, "needs a password; save it without and upload that");
  const found = streams.find(({ stream }) => has(stream));
  return documentFailure(
    "UNSUPPORTED_TYPE",
    key,
    `is ${found?.what ?? "an older Office document or another compound file (cfb); save it as docx, xlsx or pptx"}`,
  );
};
