import { readFile } from "node:fs/promises";
import { type ChunkRule, choiceFor, completeRule } from "../lib/chunk/rules.ts";
import type { Chunk } from "../lib/chunk-row.ts";
import type { Environment } from "../lib/config/environment.ts";
import { parseConfig } from "../lib/config/load.ts";
import type { Config } from "../lib/config/schema.ts";
import { createEmbedder } from "../lib/embed/create.ts";
import { AppError } from "../lib/errors.ts";
import { lazy } from "../lib/lazy.ts";
import { createChunkReader } from "../lib/read/create.ts";
import type { DocumentChunks } from "../lib/read/to-chunks.ts";
import type { LocalFile } from "./upload.ts";

/** What stands in the stead of kettle.yml's rule for the key. */
export type Overrides = Omit<ChunkRule<Config["chunking"]["strategy"]>, "prefix">;

export type ChunkPreview = Omit<DocumentChunks, "chunks"> & {
  readonly key: string;
  readonly chunking: Config["chunking"];
  readonly chunks: readonly (Chunk & {
    /** Below `quality.threshold`: what happens to it says `quality.action`. */
    readonly lowQuality: boolean;
  })[];
};

/** The rule for the key, the overrides above it. @throws AppError `CONFIG_INVALID`, which names every problem */
const chosenFor = (key: string, { chunking }: Config, overrides: Overrides): Config["chunking"] => {
  const choice = completeRule({ prefix: "", ...overrides }, choiceFor(key, chunking.rules, chunking));
  const { strategy, size, overlap, parent = null } = choice;
  // YAML holds JSON, and one place says what goes together.
  const text = JSON.stringify({ chunking: { strategy, size, overlap, parent } });
  return parseConfig(text, "local", `the chunking of ${key}`).chunking;
};

/**
 * A file's chunks as they would be stored: by the reader of its kind, in a thread with the bounds of `limits`.
 * @throws AppError as the reader; `CONFIG_INVALID` for overrides that do not go together
 */
export const previewChunks = async (
  { path, key, size, contentType }: LocalFile,
  environment: Environment,
  overrides: Overrides,
  signal: AbortSignal,
): Promise<ChunkPreview> => {
  const { config } = environment;
  const chunking = chosenFor(key, config, overrides);
  const { limits } = config;
  if (size > limits.objectBytes)
    throw new AppError(
      "DOCUMENT_TOO_LARGE",
      `${key} has ${size} bytes; limits.objectBytes is ${limits.objectBytes}`,
    );
  let opened = false;
  const embedder = lazy(() => {
    opened = true;
    return createEmbedder(environment);
  });
  const reader = createChunkReader({ ...environment, config: { ...config, chunking } }, embedder);
  try {
    const { chunks, ...rest } = await reader.read({
      bytes: await readFile(path),
      key,
      contentType,
      limits,
      signal,
    });
    const { threshold } = config.quality;
    return {
      key,
      chunking,
      ...rest,
      chunks: chunks.map((chunk) => ({ ...chunk, lowQuality: chunk.quality < threshold })),
    };
  } finally {
    await reader.close();
    if (opened) await (await embedder()).close();
  }
};

const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

const place = ({ page, heading, charStart, charEnd }: Chunk): string =>
  [page === null ? "" : `p. ${page}`, heading, `characters ${charStart}–${charEnd}`]
    .filter((part) => part !== "")
    .join(" › ");

const formatChunk = (chunk: ChunkPreview["chunks"][number], action: string): readonly string[] => {
  const { ordinal, tokens, quality, qualityFlags, lowQuality, parent, text } = chunk;
  const judged = [
    `quality ${quality.toFixed(2)}`,
    ...qualityFlags,
    ...(lowQuality ? [`low: ${action}`] : []),
  ];
  const inParent = parent
    ? [
        `in the parent of #${parent.ordinal}: ${count(parent.tokens, "token")}, characters ${parent.charStart}–${parent.charEnd}`,
      ]
    : [];
  return [
    "",
    `#${ordinal} · ${count(tokens, "token")} · ${chunk.modality} · ${chunk.language} · ${place(chunk)}`,
    ...[judged.join(", "), ...inParent].map((line) => `    ${line}`),
    ...text.split("\n").map((line) => `  │ ${line}`),
  ];
};

/** For people. @param action of low-quality chunks, as `quality.action` */
export const formatPreview = (preview: ChunkPreview, action: string): string => {
  const { key, type, chunks, copies, notes } = preview;
  const { strategy, size, overlap, parent } = preview.chunking;
  const by = `by ${strategy}, up to ${size} tokens, overlap ${overlap}${parent ? `, parents up to ${parent.tokens}` : ""}`;
  const low = chunks.filter(({ lowQuality }) => lowQuality).length;
  return [
    `${key} (${type}): ${count(chunks.length, "chunk")} ${by}`,
    ...(copies > 0 ? [`${count(copies, "copy", "copies")} of earlier chunks left out`] : []),
    ...(low > 0 ? [`${low} of low quality`] : []),
    ...notes.map((note) => `note: ${note}`),
    ...chunks.flatMap((chunk) => formatChunk(chunk, action)),
  ].join("\n");
};
