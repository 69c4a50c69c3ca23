import { crc32 } from "node:zlib";
import { type Entry, fromBufferPromise, getFileNameLowLevel } from "yauzl";
import { AppError } from "../errors.ts";
import { detectEncoding } from "./encoding.ts";
import { documentFailure, reason } from "./failures.ts";
import type { Nesting, ReadInput } from "./reader.ts";

/** One file of an archive. Nothing is unpacked before it is asked for. */
export type ArchiveFile = {
  /** With "/" between folders; never absolute, never out of the archive. */
  readonly path: string;
  readonly encrypted: boolean;
  /**
   * Unpacks piece by piece; every byte counts against the document's bounds.
   * @throws AppError `ENCRYPTED_DOCUMENT`, `DECOMPRESSION_BOMB`; `CORRUPT_DOCUMENT` where size or checksum are not as stated
   */
  stream(): AsyncIterable<Uint8Array>;
};

type Zip = Awaited<ReturnType<typeof fromBufferPromise>>;
type Source = Pick<ReadInput, "bytes" | "key" | "limits">;

const mostFiles = 20_000;
/** DEFLATE gives at most 1,032 bytes for one; text and tables give 3 to 30, rarely above 100. */
const mostRatio = 400;
const freeBytes = 8 * 1024 * 1024;
const utf8Flag = 0x800;
const unicodePath = 0x7075;

/** Older programs write names in the encoding of their own system and do not say which. */
const nameOf = (entry: Entry): string => {
  const raw = entry.fileName as unknown as Buffer;
  const told = (entry.generalPurposeBitFlag & utf8Flag) !== 0;
  if (told || entry.extraFields.some(({ id }) => id === unicodePath))
    return getFileNameLowLevel(entry.generalPurposeBitFlag, raw, entry.extraFields, false);
  return new TextDecoder(detectEncoding(raw, "")).decode(raw);
};

/** Names are only shown, never opened; even so none may point out of the archive. */
const pathOf = (entry: Entry): string =>
  nameOf(entry)
    .replaceAll("\\", "/")
    .split("/")
    .filter((part) => part !== "" && part !== "." && part !== "..")
    .join("/");

const corrupt = (key: string, path: string, why: string, cause?: unknown): AppError =>
  documentFailure("CORRUPT_DOCUMENT", key, `${path}: ${why}`, cause);

/** Why no more of a file is unpacked; null: go on. */
const overBounds = (
  bytes: number,
  entry: Entry,
  path: string,
  source: Source,
  left: number,
): string | null => {
  if (left < 0) return `unpacks to more than limits.decompressedBytes (${source.limits.decompressedBytes})`;
  const isInflated = bytes > freeBytes && bytes > entry.compressedSize * mostRatio;
  return isInflated ? `${path} unpacks to more than ${mostRatio} times its size` : null;
};

async function* unpack(zip: Zip, entry: Entry, path: string, source: Source, { budget }: Nesting) {
  const { key } = source;
  if (entry.isEncrypted())
    throw documentFailure("ENCRYPTED_DOCUMENT", key, `${path} is locked with a password; upload it without`);
  let bytes = 0;
  let checksum = 0;
  try {
    for await (const part of await zip.openReadStreamPromise(entry)) {
      bytes += part.length;
      budget.left -= part.length;
      const refusal = overBounds(bytes, entry, path, source, budget.left);
      if (refusal !== null) throw documentFailure("DECOMPRESSION_BOMB", key, refusal);
      checksum = crc32(part, checksum);
      yield part as Uint8Array;
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw corrupt(key, path, `cannot be unpacked: ${reason(error)}`, error);
  }
  if (checksum !== entry.crc32) throw corrupt(key, path, "its checksum is wrong: the file is damaged");
}

/**
 * The files of a ZIP archive, in the order of its directory.
 * @throws AppError `CORRUPT_DOCUMENT` where it is none, `DOCUMENT_TOO_LARGE` for more than 20,000 files
 */
export const openArchive = async (source: Source, nesting: Nesting): Promise<readonly ArchiveFile[]> => {
  const { bytes, key } = source;
  const files: ArchiveFile[] = [];
  try {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const zip = await fromBufferPromise(buffer, { decodeStrings: false });
    if (zip.entryCount > mostFiles)
      throw documentFailure(
        "DOCUMENT_TOO_LARGE",
        key,
        `holds ${zip.entryCount} files; at most ${mostFiles} are read`,
      );
    for await (const entry of zip.eachEntry()) {
      const path = pathOf(entry);
      if (path === "" || nameOf(entry).endsWith("/")) continue;
      const stream = () => unpack(zip, entry, path, source, nesting);
      files.push({ path, encrypted: entry.isEncrypted(), stream });
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw documentFailure("CORRUPT_DOCUMENT", key, `is no whole ZIP archive: ${reason(error)}`, error);
  }
  return files;
};

/** All bytes of one file. */
export const unpackWhole = async (file: Pick<ArchiveFile, "stream">): Promise<Uint8Array> =>
  Buffer.concat(await Array.fromAsync(file.stream()));
