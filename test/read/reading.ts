import { readFileSync } from "node:fs";
import { readDocument } from "../../lib/read/read.ts";
import type { ReadInput, ReadLimits } from "../../lib/read/reader.ts";

export const limits: ReadLimits = {
  objectBytes: 10_000_000,
  decompressedBytes: 100_000_000,
  pages: 100,
  cells: 100_000,
  pixels: 20_000_000,
  seconds: 30,
};

export const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../fixtures/documents/${name}`, import.meta.url));

/** What the steps hand to readers; the content is text, or a fixture named by the key. */
export const input = (
  key: string,
  content?: string | Uint8Array,
  over: Partial<ReadInput> = {},
): ReadInput => ({
  bytes: content === undefined ? fixture(key) : Buffer.from(content),
  key,
  contentType: "application/octet-stream",
  limits,
  signal: new AbortController().signal,
  ...over,
});

export const read = (key: string, content?: string | Uint8Array, over: Partial<ReadInput> = {}) =>
  readDocument(input(key, content, over));

/** Of readers whose strategy asks for no vectors. */
export const noEmbedder = () => Promise.reject(new Error("nobody should ask for vectors"));

/** The extracted text, as chunk offsets count in it. */
export const textOf = (document: { readonly blocks: readonly { readonly text: string }[] }): string =>
  document.blocks.map((block) => block.text).join("\n\n");
