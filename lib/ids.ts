import { createHash } from "node:crypto";

/** 128 bits as 32 hex characters: short enough for keys, long enough never to collide. Parts are length-prefixed. */
export const hashParts = (...parts: readonly (string | number)[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) {
    const bytes = Buffer.from(String(part), "utf8");
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest("hex").slice(0, 32);
};

/** The same document keeps its id for ever: overwritten, deleted and created again. */
export const documentId = (bucket: string, key: string): string => hashParts("document", bucket, key);

export const chunkId = (document: string, run: number, ordinal: number): string =>
  hashParts("chunk", document, run, ordinal);

export const contentHash = (text: string): string => hashParts("content", text);
