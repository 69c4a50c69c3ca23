import { AppError } from "../errors.ts";
import { detectType } from "./detect.ts";
import { documentFailure, reason } from "./failures.ts";
import type { Block, FoundPicture, Nesting, ReadDocument, ReadInput } from "./reader.ts";
import { type DocumentType, readers } from "./registry.ts";

export type TypedDocument = ReadDocument & { readonly type: DocumentType };

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const controls = /[\u0000-\u0008\u000b\u000e-\u001f\u007f]/g;

/** Stores, JSON and SQL choke on control characters and halves of surrogate pairs; the length stays the same. */
const clean = (text: string): string => text.toWellFormed().replace(controls, " ");

const cleanBlock = (block: Block): Block => ({
  ...block,
  text: clean(block.text),
  header: clean(block.header),
  headings: block.headings.map(clean),
});

const cleanPicture = (picture: FoundPicture): FoundPicture => ({
  ...picture,
  text: clean(picture.text),
  headings: picture.headings.map(clean),
});

const checkText = (blocks: readonly Block[], { key, limits }: ReadInput): void => {
  const chars = blocks.reduce((sum, block) => sum + block.text.length, 0);
  if (chars > limits.decompressedBytes)
    throw documentFailure(
      "DECOMPRESSION_BOMB",
      key,
      `gives ${chars} characters of text; limits.decompressedBytes is ${limits.decompressedBytes}`,
    );
};

/** Archives in archives in archives: more levels than this are an attack. */
const deepest = 5;

const nestingOf = (outer: ReadInput, depth: number, budget: Nesting["budget"]): Nesting => ({
  depth,
  budget,
  readInner: (inner) => {
    if (depth >= deepest)
      throw documentFailure("DECOMPRESSION_BOMB", inner.key, `lies more than ${deepest} archives deep`);
    // Pages are counted of the outer document alone.
    const { onPage: _, ...shared } = outer;
    return readWithin({ ...shared, ...inner }, nestingOf(outer, depth + 1, budget));
  },
});

const readTyped = async (input: ReadInput, nesting: Nesting): Promise<TypedDocument> => {
  const type = await detectType(input);
  const document = await readers[type].read(input, nesting);
  const blocks = document.blocks.map(cleanBlock).filter((block) => block.text.trim() !== "");
  if (blocks.length === 0) throw documentFailure("EMPTY_DOCUMENT", input.key, "has no text");
  checkText(blocks, input);
  const { pictures = [] } = document;
  return { ...document, type, blocks, pictures: pictures.map(cleanPicture) };
};

const readWithin = async (input: ReadInput, nesting: Nesting): Promise<TypedDocument> => {
  const { bytes, key, signal } = input;
  signal.throwIfAborted();
  if (bytes.length === 0) throw documentFailure("EMPTY_DOCUMENT", key, "has no bytes");
  try {
    return await readTyped(input, nesting);
  } catch (error) {
    if (error instanceof AppError || signal.aborted) throw error;
    // What a library throws at these bytes it will throw again: no retry can mend it.
    throw documentFailure("CORRUPT_DOCUMENT", key, `cannot be read: ${reason(error)}`, error);
  }
};

/**
 * Reads a document of any type there is a reader for. Runs in this thread: for a time and memory limit that holds
 * whatever the document does, go through isolated.ts.
 * @throws AppError permanent and naming the key: `UNSUPPORTED_TYPE`, `ENCRYPTED_DOCUMENT`, `CORRUPT_DOCUMENT`,
 *   `DOCUMENT_TOO_LARGE`, `DECOMPRESSION_BOMB`, `PARSE_TIMEOUT`, `NEEDS_OCR`, `EMPTY_DOCUMENT`; the signal's reason
 *   when it is aborted
 */
export const readDocument = async (input: ReadInput): Promise<TypedDocument> => {
  const { bytes, key, limits } = input;
  if (bytes.length > limits.objectBytes)
    throw documentFailure(
      "DOCUMENT_TOO_LARGE",
      key,
      `has ${bytes.length} bytes; limits.objectBytes is ${limits.objectBytes}`,
    );
  return readWithin(input, nestingOf(input, 0, { left: limits.decompressedBytes }));
};
