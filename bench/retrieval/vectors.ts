import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { EmbedKind } from "../../lib/embed/embedder.ts";
import type { OnnxEmbedder } from "../../lib/embed/onnx.ts";
import { hashParts } from "../../lib/ids.ts";

/** A text's unit vector `[d]`, and its tokens without prefix and special tokens. */
export type Embedded = { readonly vector: Float32Array; readonly tokens: number };

/** Texts embedded at once: so much work at the most is lost by an interruption. */
const batch = 64;
const hashLength = 32;

const recordLength = (d: number): number => hashLength + 4 + 4 * d;

/** Records of hash, tokens, vector; half a record at the end is of an interrupted run. */
const readCache = (path: string, d: number): Map<string, Embedded> => {
  const known = new Map<string, Embedded>();
  if (!existsSync(path)) return known;
  const bytes = readFileSync(path);
  const length = recordLength(d);
  for (let at = 0; at + length <= bytes.length; at += length) {
    const hash = bytes.toString("latin1", at, at + hashLength);
    const vector = new Float32Array(d);
    for (let i = 0; i < d; i++) vector[i] = bytes.readFloatLE(at + hashLength + 4 + 4 * i);
    known.set(hash, { vector, tokens: bytes.readUInt32LE(at + hashLength) });
  }
  return known;
};

const recordOf = (hash: string, { vector, tokens }: Embedded): Buffer => {
  const record = Buffer.alloc(recordLength(vector.length));
  record.write(hash, "latin1");
  record.writeUInt32LE(tokens, hashLength);
  for (const [i, x] of vector.entries()) record.writeFloatLE(x, hashLength + 4 + 4 * i);
  return record;
};

/**
 * Embeds texts, each content once ever: vectors are kept in `folder` by the model's identity and the text's hash.
 * @returns in the order of `texts`
 */
export const embedCached = async (
  embedder: OnnxEmbedder,
  texts: readonly string[],
  kind: EmbedKind,
  folder: string,
  progress: (line: string) => void,
): Promise<readonly Embedded[]> => {
  mkdirSync(folder, { recursive: true });
  const { dimension: d } = embedder;
  const path = join(folder, `${embedder.identity}-${kind}.bin`);
  const known = readCache(path, d);
  const hashes = texts.map((text) => hashParts("bench", text));
  const missing = [...new Map(texts.map((text, i) => [hashes[i] ?? "", text]))].filter(
    ([hash]) => !known.has(hash),
  );
  for (let from = 0; from < missing.length; from += batch) {
    if (from % (16 * batch) === 0) progress(`embedding ${missing.length - from} texts (${kind})`);
    const part = missing.slice(from, from + batch);
    const vectors = await embedder.embed(
      part.map(([, text]) => text),
      kind,
    );
    const records = part.map(([hash, text], i) => {
      const embedded = {
        vector: vectors.slice(i * d, (i + 1) * d),
        tokens: embedder.tokenizer.count(text),
      };
      known.set(hash, embedded);
      return recordOf(hash, embedded);
    });
    appendFileSync(path, Buffer.concat(records));
  }
  return hashes.map((hash) => known.get(hash) ?? { vector: new Float32Array(d), tokens: 0 });
};
