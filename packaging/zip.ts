import { createWriteStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { promisify } from "node:util";
import { crc32, deflateRaw } from "node:zlib";

/**
 * A zip file of a folder's files (PKWARE APPNOTE 6.3), the same bytes for the same files: order and dates are fixed, so
 * that what has not changed is not deployed again. No zip64: Lambda's limit is far below 4 GiB.
 */

const deflate = promisify(deflateRaw);

/** 1980-01-01, the first date that zip knows. */
const dosDate = 0x21;
const deflated = 8;
const version = 20;
/** Unix, regular file; the upper half of the external attributes. */
const unixMade = 0x0300 | version;
const plainFile = 0o100644;
const executable = 0o100755;

type Entry = {
  readonly name: Buffer;
  readonly crc: number;
  readonly packed: Buffer;
  readonly size: number;
  readonly mode: number;
  readonly offset: number;
};

/** What local header and central directory have in common. */
const commonFields = ({ name, crc, packed, size }: Entry): Buffer => {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(version, 0);
  fields.writeUInt16LE(0x0800, 2); // names are UTF-8
  fields.writeUInt16LE(deflated, 4);
  fields.writeUInt16LE(dosDate, 8);
  fields.writeUInt32LE(crc, 10);
  fields.writeUInt32LE(packed.length, 14);
  fields.writeUInt32LE(size, 18);
  fields.writeUInt16LE(name.length, 22);
  return fields;
};

const localHeader = (entry: Entry): Buffer =>
  Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), commonFields(entry), entry.name]);

const directoryHeader = (entry: Entry): Buffer => {
  const made = Buffer.alloc(2);
  made.writeUInt16LE(unixMade);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE((entry.mode << 16) >>> 0, 6);
  rest.writeUInt32LE(entry.offset, 10);
  return Buffer.concat([Buffer.from("PK\x01\x02", "latin1"), made, commonFields(entry), rest, entry.name]);
};

const endOfDirectory = (entries: number, size: number, offset: number): Buffer => {
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries, 8);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return end;
};

const readEntry = async (folder: string, file: string, offset: number): Promise<Entry> => {
  const path = join(folder, file);
  const bytes = await readFile(path);
  const { mode } = await stat(path);
  return {
    name: Buffer.from(file.replaceAll("\\", "/"), "utf8"),
    crc: crc32(bytes),
    packed: await deflate(bytes),
    size: bytes.length,
    mode: mode & 0o100 ? executable : plainFile,
    offset,
  };
};

/** Writes `files` (relative to `folder`) to the zip file `target`. */
export const writeZip = async (folder: string, files: readonly string[], target: string): Promise<void> => {
  const out = createWriteStream(target);
  const directory: Buffer[] = [];
  let offset = 0;
  const write = (bytes: Buffer): void => {
    out.write(bytes);
    offset += bytes.length;
  };
  for (const file of files.toSorted()) {
    const entry = await readEntry(folder, file, offset);
    write(localHeader(entry));
    write(entry.packed);
    directory.push(directoryHeader(entry));
  }
  const start = offset;
  const central = Buffer.concat(directory);
  write(central);
  write(endOfDirectory(directory.length, central.length, start));
  out.end();
  await finished(out);
};
