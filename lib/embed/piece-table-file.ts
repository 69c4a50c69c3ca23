import { readFile, writeFile } from "node:fs/promises";
import type { PieceTable } from "./piece-table.ts";
import type { UnigramSettings } from "./unigram.ts";

/**
 * A table of pieces as a file that is used as it was read: four bytes of the header's length, the header in JSON, then
 * the arrays, the widest first so that each is aligned; little-endian, as every processor of Lambda is.
 */

const version = 1;

type Header = {
  readonly version: number;
  /** sha256 of the tokenizer.json that the table was made from. */
  readonly source: string;
  readonly nodes: number;
  readonly pieces: number;
  readonly settings: UnigramSettings;
};

export type PackedTokenizer = { readonly table: PieceTable; readonly settings: UnigramSettings };

const alignment = 8;
const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** @param source sha256 of the tokenizer.json */
export const writePieceTable = async (
  path: string,
  source: string,
  { table, settings }: PackedTokenizer,
): Promise<void> => {
  const { units, children, ids, scores } = table;
  const header = JSON.stringify({
    version,
    source,
    nodes: units.length,
    pieces: scores.length,
    settings,
  } satisfies Header);
  const length = Buffer.byteLength(header) + 4;
  const head = Buffer.alloc(Math.ceil(length / alignment) * alignment, " ");
  head.writeUInt32LE(head.length - 4, 0);
  head.write(header, 4);
  await writeFile(path, Buffer.concat([head, ...[scores, children, ids, units].map(bytesOf)]));
};

/**
 * Reads a table that the packaging wrote.
 * @returns null when there is none, or it was made from another tokenizer.json or by another version of this
 */
export const readPieceTable = async (path: string, source: string): Promise<PackedTokenizer | null> => {
  const file = await readFile(path).catch(() => null);
  if (file === null || file.length < 4) return null;
  const length = file.readUInt32LE(0);
  const header: Header = JSON.parse(file.toString("utf8", 4, 4 + length));
  if (header.version !== version || header.source !== source) return null;
  const { nodes, pieces, settings } = header;
  let offset = 0;
  const bytes = new Uint8Array(file.subarray(4 + length)).buffer;
  const take = (size: number): readonly [ArrayBuffer, number] => {
    offset += size;
    return [bytes, offset - size];
  };
  const scores = new Float64Array(...take(8 * pieces), pieces);
  const children = new Uint32Array(...take(4 * (nodes + 1)), nodes + 1);
  const ids = new Int32Array(...take(4 * nodes), nodes);
  return { table: { units: new Uint16Array(...take(2 * nodes), nodes), children, ids, scores }, settings };
};
