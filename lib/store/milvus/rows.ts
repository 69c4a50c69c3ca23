import type { ChunkRow, Metadata, RowParent } from "../../chunk-row.ts";
import { AppError } from "../../errors.ts";
import type { VectorRow } from "../store.ts";
import { wordsOfText } from "../words.ts";
import {
  decimalFields,
  flagBounds,
  integerFields,
  type Layout,
  metadataBytes,
  noPage,
  parentFields,
  partitionBytes,
  partitionField,
  textBytes,
  textFields,
  vectorField,
  wordsBytes,
  wordsField,
} from "./schema.ts";

const bytesOf = (text: string): number => Buffer.byteLength(text, "utf8");

/** UTF-8 has no lone surrogates: they become U+FFFD everywhere alike. `json` is the value's, which escapes them. */
const wellFormed = <Value>(value: Value, json: string): Value =>
  json.includes("\\ud")
    ? JSON.parse(json, (_, part) => (typeof part === "string" ? part.toWellFormed() : part))
    : value;

const refuse = (id: string, what: string): never => {
  throw new AppError("STORE_REFUSED", `chunk ${id}: ${what}`);
};

const checkBytes = (id: string, field: string, value: string, most: number): number => {
  const bytes = bytesOf(value);
  if (bytes > most) refuse(id, `${field} takes ${bytes} bytes in UTF-8, the collection holds ${most}`);
  return bytes;
};

const checkFlags = (id: string, flags: readonly string[]): void => {
  if (flags.length > flagBounds.count)
    refuse(id, `${flags.length} quality flags, the collection holds ${flagBounds.count}`);
  for (const flag of flags) checkBytes(id, "a quality flag", flag, flagBounds.bytes);
};

const checkIntegers = (row: ChunkRow): void => {
  for (const field of integerFields)
    if (!Number.isSafeInteger(row[field] ?? 0))
      refuse(row.id, `${field} is ${row[field]}, not a whole number`);
  if ((row.page ?? 0) < 0) refuse(row.id, `page is ${row.page}: pages are not negative`);
};

/**
 * The words that BM25 counts. A text of many ideographs has more bytes of pairs than a field holds: what is found by
 * single characters goes first, then the end.
 */
export const wordsColumn = (text: string): string => {
  const words = wordsOfText(text);
  const all = words.join(" ");
  if (bytesOf(all) <= wordsBytes) return all;
  let room = wordsBytes;
  const kept: string[] = [];
  for (const word of words) {
    if ([...word].length === 1) continue;
    room -= bytesOf(word) + 1;
    if (room < 0) break;
    kept.push(word);
  }
  return kept.join(" ");
};

/** Only texts part rows: the same value of a filter then names the same partition. */
export const partitionOf = (metadata: Metadata, key: string): string => {
  const value = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
  return typeof value === "string" ? value.toWellFormed() : "";
};

/** A row as Milvus takes it, and the bytes it takes in a message. */
export type PreparedRow = { readonly data: Readonly<Record<string, unknown>>; readonly bytes: number };

/** The SDK spreads vectors, which takes an array of numbers a fifth of the time of a Float32Array; so this loop pays. */
const numbersOf = (vector: Float32Array): number[] => {
  const numbers = new Array<number>(vector.length);
  for (let i = 0; i < vector.length; i++) numbers[i] = vector[i] ?? 0;
  return numbers;
};

/** @throws AppError `NOT_AVAILABLE` for a parent that the collection has no fields for */
const parentData = ({ id, parent }: ChunkRow, { parents, spec }: Layout): Record<string, string | number> => {
  if (!parents && parent)
    throw new AppError(
      "NOT_AVAILABLE",
      `chunk ${id} has a parent (chunking.parent), and collection ${spec.name} was made before there were any: make it anew (kettle collections rebuild)`,
    );
  if (!parents) return {};
  const text = (parent?.text ?? "").toWellFormed();
  checkBytes(id, "the parent's text", text, textBytes.text);
  return {
    [parentFields.id]: parent?.id ?? "",
    [parentFields.text]: text,
    [parentFields.tokens]: parent?.tokens ?? 0,
    [parentFields.charStart]: parent?.charStart ?? 0,
    [parentFields.charEnd]: parent?.charEnd ?? 0,
  };
};

const parentOf = (found: Found): { readonly parent?: RowParent } => {
  const id = found[parentFields.id];
  if (typeof id !== "string" || id === "") return {};
  return {
    parent: {
      id,
      text: String(found[parentFields.text]),
      tokens: Number(found[parentFields.tokens]),
      charStart: Number(found[parentFields.charStart]),
      charEnd: Number(found[parentFields.charEnd]),
    },
  };
};

const derived = (row: ChunkRow, { words, partitionKey }: Layout): Record<string, string> => {
  const partition = partitionKey === null ? null : partitionOf(row.metadata, partitionKey);
  if (partition !== null) checkBytes(row.id, `metadata ${partitionKey}`, partition, partitionBytes);
  return {
    ...(partition !== null && { [partitionField]: partition }),
    ...(words && { [wordsField]: wordsColumn(row.text) }),
  };
};

/** @throws AppError `STORE_REFUSED` for what the collection cannot hold */
export const prepareRow = (row: ChunkRow, layout: Layout): PreparedRow => {
  checkIntegers(row);
  checkFlags(row.id, row.qualityFlags);
  const data: Record<string, unknown> = { ...derived(row, layout), ...parentData(row, layout) };
  let bytes = 4 * row.vector.length + 8 * (integerFields.length + decimalFields.length);
  for (const value of Object.values(data)) bytes += bytesOf(String(value));
  for (const field of textFields) {
    const text = row[field].toWellFormed();
    bytes += checkBytes(row.id, field, text, textBytes[field]);
    data[field] = text;
  }
  for (const field of integerFields) data[field] = row[field] ?? noPage;
  for (const field of decimalFields) data[field] = row[field];
  const metadata = JSON.stringify(row.metadata);
  data.metadata = wellFormed(row.metadata, metadata);
  bytes += checkBytes(row.id, "metadata", metadata, metadataBytes);
  data.qualityFlags = wellFormed(row.qualityFlags, JSON.stringify(row.qualityFlags));
  data[vectorField] = numbersOf(row.vector);
  return { data, bytes };
};

/** Batches that stay below `maxBytes` and `maxRows`; a row that is larger goes alone. */
export const batchesOf = (
  rows: readonly PreparedRow[],
  { maxBytes, maxRows }: { readonly maxBytes: number; readonly maxRows: number },
): readonly (readonly PreparedRow[])[] => {
  const batches: PreparedRow[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    const last = batches.at(-1);
    if (last && bytes + row.bytes <= maxBytes && last.length < maxRows) {
      last.push(row);
      bytes += row.bytes;
    } else {
      batches.push([row]);
      bytes = row.bytes;
    }
  }
  return batches;
};

/** A record of the server; Int64 comes as text. */
export type Found = Readonly<Record<string, unknown>>;

const vectorOf = (found: Found): Float32Array => Float32Array.from(found[vectorField] as readonly number[]);

/** The row that was written. */
export const rowOf = (found: Found): ChunkRow => {
  const page = Number(found.page);
  const plain = {
    ...Object.fromEntries(textFields.map((field) => [field, found[field]])),
    ...Object.fromEntries(integerFields.map((field) => [field, Number(found[field])])),
    ...Object.fromEntries(decimalFields.map((field) => [field, found[field]])),
  };
  return {
    // Written by `prepareRow` from a ChunkRow, into typed fields.
    ...(plain as Omit<ChunkRow, "page" | "vector" | "qualityFlags" | "metadata" | "parent">),
    ...parentOf(found),
    page: page === noPage ? null : page,
    qualityFlags: found.qualityFlags as readonly string[],
    metadata: (found.metadata ?? {}) as Metadata,
    vector: vectorOf(found),
  };
};

/** Its id and vector alone. */
export const vectorRowOf = (found: Found): VectorRow => ({ id: String(found.id), vector: vectorOf(found) });

/** The fields of a record that a filter may look at; those that were not asked for are left as they are not. */
export const filterableOf = (found: Found): Omit<ChunkRow, "text" | "vector"> => {
  const fields: Record<string, unknown> = { ...found };
  for (const field of integerFields) if (field in fields) fields[field] = Number(fields[field]);
  if (fields.page === noPage) fields.page = null;
  return { metadata: {}, qualityFlags: [], ...fields } as unknown as Omit<ChunkRow, "text" | "vector">;
};
