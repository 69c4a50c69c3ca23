import { openArchive, unpackWhole } from "./archive.ts";
import { documentFailure } from "./failures.ts";
import { readInnerFiles, refuseAllUnread, unreadMetadata } from "./inner-files.ts";
import type { Reader } from "./reader.ts";

/** What operating systems leave in archives. */
const litter = /(?:^|\/)(?:__MACOSX\/|\.DS_Store$|Thumbs\.db$|desktop\.ini$|\.git\/|\._)/i;

/**
 * ZIP: each file in it by its own reader, its path before its headings. Files that cannot be read are named in
 * `metadata.unread` and counted in `metadata.unreadFiles`; a document fails only when none can be read.
 */
export const zipReader: Reader = {
  version: 1,
  read: async (input, nesting) => {
    const files = (await openArchive(input, nesting)).filter(({ path }) => !litter.test(path));
    if (files.length === 0) throw documentFailure("EMPTY_DOCUMENT", input.key, "is an archive without files");
    if (files.every(({ encrypted }) => encrypted))
      throw documentFailure("ENCRYPTED_DOCUMENT", input.key, "needs a password; upload it without");
    const inner = files.map((file) => ({
      path: file.path,
      contentType: "",
      bytes: () => unpackWhole(file),
    }));
    const read = await readInnerFiles(inner, input, nesting);
    refuseAllUnread(input.key, read);
    return {
      blocks: read.blocks,
      pictures: read.pictures,
      notes: read.notes,
      metadata: { files: files.length, ...unreadMetadata(read.unread) },
    };
  },
};
