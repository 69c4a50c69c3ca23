import { hashParts } from "../ids.ts";
import type { Embedder } from "./embedder.ts";
import { normalise } from "./pooling.ts";

export type HashEmbedderOptions = { readonly dimension?: number };

/** Letters and digits in runs; of scripts without spaces, each character. */
const wordsOf = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .match(
      /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]|[\p{L}\p{N}]+?(?=[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]|[^\p{L}\p{N}]|$)/gu,
    ) ?? [];

/** FNV-1a, 32 bits, with the final mix of MurmurHash3, since its low bits alone are poor. */
const hash32 = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};

const windowWords = 512;

const addText = (text: string, vector: Float32Array): void => {
  const add = (feature: string): void => {
    const hash = hash32(feature);
    const at = (hash >>> 1) % vector.length;
    vector[at] = (vector[at] ?? 0) + (hash & 1 ? 1 : -1);
  };
  // A common feature: texts without words still have a direction, and cosines lean to the positive as e5's do.
  vector[0] = (vector[0] ?? 0) + 0.5;
  for (const word of wordsOf(text).slice(0, windowWords)) add(word);
  if (vector.every((x) => x === 0)) vector[0] = 1;
  normalise(vector);
};

/**
 * Test driver: the hashed words of a text as a unit vector. Texts that share words are near each other, nothing else
 * is known of their meaning. No files, no threads, the same on every machine; query and passage are treated alike.
 */
export const hashEmbedder = ({ dimension = 64 }: HashEmbedderOptions = {}): Embedder => ({
  model: "hash",
  dimension,
  identity: hashParts("hash-embedder", 1, dimension),
  embed: async (texts) => {
    const vectors = new Float32Array(texts.length * dimension);
    for (const [index, text] of texts.entries())
      addText(text, vectors.subarray(index * dimension, (index + 1) * dimension));
    return vectors;
  },
  close: async () => undefined,
});
