import { crc32, deflateRawSync } from "node:zlib";

/** A file of an archive, and what the archive says of it where that is not true. */
export type ZipFile = {
  readonly name: string | Buffer;
  readonly content: string | Uint8Array;
  /** Packed already, so that one content can lie in many archives. */
  readonly packed?: Buffer;
  readonly says?: { readonly size?: number; readonly checksum?: number; readonly flags?: number };
};

const record = (signature: number, fields: readonly (readonly [number, 2 | 4])[]): Buffer => {
  const buffer = Buffer.alloc(4 + fields.reduce((sum, [, width]) => sum + width, 0));
  buffer.writeUInt32LE(signature);
  let at = 4;
  for (const [value, width] of fields) {
    if (width === 2) buffer.writeUInt16LE(value, at);
    else buffer.writeUInt32LE(value, at);
    at += width;
  }
  return buffer;
};

type Placed = { readonly head: readonly (readonly [number, 2 | 4])[]; readonly name: Buffer; at: number };

const ending = (count: number, size: number, at: number): Buffer =>
  record(0x06054b50, [
    [0, 2],
    [0, 2],
    [count, 2],
    [count, 2],
    [size, 4],
    [at, 4],
    [0, 2],
  ]);

const central = ({ head, name, at }: Placed): Buffer =>
  Buffer.concat([
    record(0x02014b50, [[20, 2], ...head, [name.length, 2], [0, 2], [0, 2], [0, 2], [0, 2], [0, 4], [at, 4]]),
    name,
  ]);

/**
 * A ZIP archive, byte by byte, so that it can lie.
 * @param overlapping times that the directory lists the last file, whose bytes are there once
 */
export const makeZip = (files: readonly ZipFile[], overlapping = 1): Buffer => {
  const parts: Buffer[] = [];
  const placed: Placed[] = [];
  let at = 0;
  for (const { name, content, packed, says = {} } of files) {
    const raw = Buffer.from(content);
    const data = packed ?? deflateRawSync(raw);
    const path = Buffer.from(name);
    const head = [
      [20, 2],
      [says.flags ?? 0x800, 2],
      [8, 2],
      [0, 2],
      [0x5c21, 2],
      [says.checksum ?? crc32(raw), 4],
      [data.length, 4],
      [says.size ?? raw.length, 4],
    ] as const;
    const bytes = Buffer.concat([record(0x04034b50, [...head, [path.length, 2], [0, 2]]), path, data]);
    placed.push({ head, name: path, at });
    parts.push(bytes);
    at += bytes.length;
  }
  const last = placed.at(-1);
  for (let more = 1; more < overlapping && last; more++)
    placed.push({ ...last, name: Buffer.from(`${more}-${last.name}`) });
  const directory = Buffer.concat(placed.map(central));
  return Buffer.concat([...parts, directory, ending(placed.length, directory.length, at)]);
};

const relationships = "http://schemas.openxmlformats.org/package/2006/relationships";
const officeDocument = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

const relations = (rows: readonly (readonly [string, string, string])[]): string =>
  `<Relationships xmlns="${relationships}">${rows
    .map(
      ([id, type, target]) =>
        `<Relationship Id="${id}" Type="${officeDocument}/${type}" Target="${target}"/>`,
    )
    .join("")}</Relationships>`;

/** A Word document of this body. */
export const docxFiles = (body: string, before = ""): readonly ZipFile[] => [
  { name: "_rels/.rels", content: relations([["rId1", "officeDocument", "word/document.xml"]]) },
  {
    name: "word/document.xml",
    content: `<?xml version="1.0"?>${before}<w:document xmlns:w="w"><w:body>${body}</w:body></w:document>`,
  },
];

/** An Excel workbook of one sheet. */
export const xlsxFiles = (rows: string, strings = ""): readonly ZipFile[] => [
  { name: "_rels/.rels", content: relations([["rId1", "officeDocument", "xl/workbook.xml"]]) },
  {
    name: "xl/workbook.xml",
    content: '<workbook xmlns:r="r"><sheets><sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>',
  },
  {
    name: "xl/_rels/workbook.xml.rels",
    content: relations([
      ["rId1", "worksheet", "worksheets/sheet1.xml"],
      ["rId2", "sharedStrings", "sharedStrings.xml"],
    ]),
  },
  { name: "xl/sharedStrings.xml", content: `<sst>${strings}</sst>` },
  { name: "xl/worksheets/sheet1.xml", content: `<worksheet><sheetData>${rows}</sheetData></worksheet>` },
];

const manifest = (inside: string): ZipFile => ({
  name: "META-INF/manifest.xml",
  content: `<manifest:manifest xmlns:manifest="m">${inside}</manifest:manifest>`,
});

/** An OpenDocument file of one kind, such as `text`. */
export const odfFiles = (kind: string, body: string, locked = false): readonly ZipFile[] => [
  { name: "mimetype", content: `application/vnd.oasis.opendocument.${kind}` },
  manifest(
    locked
      ? '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>'
      : "",
  ),
  {
    name: "content.xml",
    content: `<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><office:body>${body}</office:body></office:document-content>`,
  },
];
