import type { Metadata } from "../chunk-row.ts";
import { AppError } from "../errors.ts";
import { documentFailure } from "./failures.ts";
import type { Block, FoundPicture, Nesting, ReadDocument, ReadInput } from "./reader.ts";

/** A file inside another document: an entry of an archive, an attachment. */
export type InnerFile = {
  readonly path: string;
  readonly contentType: string;
  /** @throws AppError as ArchiveFile.stream */
  bytes(): Promise<Uint8Array>;
};

type Unread = { readonly path: string; readonly error: AppError };
type InnerText = {
  readonly blocks: readonly Block[];
  readonly pictures: readonly FoundPicture[];
  readonly unread: readonly Unread[];
  /** What was left out of the files that were read, and the files that were not. */
  readonly notes: readonly string[];
};

const mostNotes = 20;

const shortened = (notes: readonly string[]): readonly string[] =>
  notes.length <= mostNotes
    ? notes
    : [...notes.slice(0, mostNotes), `${notes.length - mostNotes} more files have notes.`];

/** What runs into a bound of the whole document ends it, whichever file it was. */
const isOfFile = (error: unknown): error is AppError =>
  error instanceof AppError && error.code !== "DECOMPRESSION_BOMB";

/** Its path before its own headings. */
const below = <Found extends Pick<Block, "headings">>(path: string, found: Found): Found => ({
  ...found,
  headings: [path, ...found.headings],
});

/**
 * Reads files one after another. Their blocks and pictures carry their path before their own headings. One that cannot be read does
 * not lose the others: it is named with its reason.
 */
export const readInnerFiles = async (
  files: readonly InnerFile[],
  outer: Pick<ReadInput, "key" | "signal">,
  nesting: Nesting,
): Promise<InnerText> => {
  const reads: { readonly path: string; readonly read: ReadDocument }[] = [];
  const unread: Unread[] = [];
  const notes: string[] = [];
  for (const { path, contentType, bytes } of files) {
    outer.signal.throwIfAborted();
    try {
      const inner = { bytes: await bytes(), key: `${outer.key}/${path}`, contentType };
      const read = await nesting.readInner(inner);
      reads.push({ path, read });
      for (const note of read.notes ?? []) notes.push(`${path}: ${note}`);
    } catch (error) {
      if (!isOfFile(error)) throw error;
      unread.push({ path, error });
      notes.push(`${path} was not read (${error.code}).`);
    }
  }
  return {
    blocks: reads.flatMap(({ path, read }) => read.blocks.map((block) => below(path, block))),
    pictures: reads.flatMap(({ path, read: { pictures = [] } }) => pictures.map((each) => below(path, each))),
    unread,
    notes: shortened(notes),
  };
};

/** What is told of files that were not read, as metadata of every chunk of the document: it can be filtered by. */
export const unreadMetadata = (unread: readonly Unread[]): Metadata =>
  unread.length === 0
    ? {}
    : { unreadFiles: unread.length, unread: unread.map(({ path, error }) => `${path} (${error.code})`) };

/** @throws AppError of the first unread file, naming how many there are, where nothing at all was read */
export const refuseAllUnread = (key: string, { blocks, unread }: InnerText): void => {
  const [first] = unread;
  if (blocks.length > 0 || first === undefined) return;
  const { code, message } = first.error;
  throw documentFailure(code, key, `none of its ${unread.length} files can be read; the first: ${message}`);
};
