import type { Chunk, PictureChunk } from "../../lib/chunk-row.ts";
import { AppError } from "../../lib/errors.ts";
import type { ReadChunks } from "../../lib/steps/parse.ts";
import type { Random } from "./random.ts";

/** What the documents of a schedule hold: enough to tell from a row which upload and which reading it came from. */
export type Content = {
  readonly tag: string;
  readonly chunks: number;
  readonly pictures: number;
  readonly kind: "plain" | "varying" | "poor" | "mixed" | "empty" | "corrupt" | "flaky" | "large";
};

export const objectBytes = 300;
export const threshold = 0.3;

const tags = ["a", "b"] as const;
const kinds = [
  "plain",
  "plain",
  "plain",
  "varying",
  "varying",
  "mixed",
  "poor",
  "empty",
  "corrupt",
  "flaky",
  "large",
] as const;

/** Few different ones, so that the same bytes come back. */
export const randomContent = (random: Random): Content => {
  const kind = random.pick(kinds);
  const pictures = random.chance(0.4) ? 1 + random.below(2) : 0;
  return { tag: random.pick(tags), chunks: 1 + random.below(4), pictures, kind };
};

export const bytesOf = (content: Content): string =>
  JSON.stringify(content) + (content.kind === "large" ? " ".repeat(objectBytes) : "");

/** Makes a chunk large enough for batches of one. */
const padding = "-".repeat(150);

const isPoor = (kind: Content["kind"], ordinal: number): boolean =>
  kind === "poor" || (kind === "mixed" && ordinal % 2 === 1);

const chunkOf = (content: Content, variant: number, ordinal: number): Chunk => ({
  ordinal,
  text: `${content.tag}.${content.chunks}.${content.kind}/${variant}#${ordinal}`,
  tokens: 1,
  page: null,
  heading: padding,
  charStart: ordinal,
  charEnd: ordinal + 1,
  modality: "text",
  language: "en",
  contentHash: "h",
  quality: isPoor(content.kind, ordinal) ? 0.1 : 0.9,
  qualityFlags: [],
});

/** Each reading has its pictures, too; their ordinals come after those of its chunks. */
export const picturesOf = (content: Content, variant: number): readonly PictureChunk[] => {
  const first = content.chunks + variant;
  return Array.from({ length: content.pictures }, (_, index) => {
    const { text, ...chunk } = chunkOf(content, variant, first + index);
    return {
      ...chunk,
      text: `${text}!`,
      quality: 1,
      modality: "image",
      picture: Buffer.from(`${content.tag}${index}`).toString("base64"),
    };
  });
};

/** Texts that rows of the content may have, by variant: a varying document is read with one chunk more at times. */
export const variantsOf = (content: Content): readonly (readonly Chunk[])[] => {
  const sizes = content.kind === "varying" ? [content.chunks, content.chunks + 1] : [content.chunks];
  return sizes.map((size, variant) =>
    Array.from({ length: size }, (_, ordinal) => chunkOf(content, variant, ordinal)),
  );
};

/** The failure that is expected of the content; null when it can be ingested. */
export const failureOf = ({ kind, pictures }: Content): string | null => {
  if (kind === "empty") return "EMPTY_DOCUMENT";
  if (kind === "corrupt") return "CORRUPT_DOCUMENT";
  if (kind === "large") return "DOCUMENT_TOO_LARGE";
  return kind === "poor" && pictures === 0 ? "ONLY_LOW_QUALITY" : null;
};

/** Reading that varies, fails for good, or fails in passing, by content. */
export const reader =
  (random: Random, failures: { flaky: number }): ReadChunks =>
  async ({ bytes }) => {
    const content: Content = JSON.parse(Buffer.from(bytes).toString("utf8"));
    if (content.kind === "corrupt") throw new AppError("CORRUPT_DOCUMENT", "corrupt");
    if (content.kind === "flaky" && failures.flaky > 0) {
      failures.flaky -= 1;
      throw new Error("out of memory");
    }
    if (content.kind === "empty") return { chunks: [], metadata: {} };
    const variants = variantsOf(content);
    const chunks = random.pick(variants);
    const pictures = picturesOf(content, variants.indexOf(chunks));
    return { chunks, pictures, metadata: { title: content.tag } };
  };
