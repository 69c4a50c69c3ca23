import { languageVersion } from "./chunk/language.ts";
import { parentsVersion } from "./chunk/parents.ts";
import { chunkers } from "./chunk/registry.ts";
import { type ChunkChoice, completeRule, strategiesIn } from "./chunk/rules.ts";
import type { Config } from "./config/schema.ts";
import { qualityVersion } from "./quality/quality.ts";
import { sketchVersion } from "./quality/sketch.ts";
import { readers } from "./read/registry.ts";

/** Without parents a choice reads as before there were any: what nobody chose makes no document outdated. */
const shape = ({ parent, ...choice }: ChunkChoice) =>
  parent ? { ...choice, parent: { ...parent, version: parentsVersion } } : choice;

/**
 * Everything but the object itself that shapes its chunks: a document made with another of these is outdated. Bounds
 * that only refuse documents are not among it, nor is what search does with the chunks.
 */
export const shapedBy = (
  config: Pick<Config, "chunking" | "metadata" | "quality" | "limits"> & {
    readonly embedding: {
      readonly images: Pick<Config["embedding"]["images"], "ocrLanguages" | "gps" | "most">;
    };
  },
  embedding: { readonly identity: string },
  images: { readonly identity: string } | null = null,
) => ({
  readers: Object.fromEntries(Object.entries(readers).map(([name, reader]) => [name, reader.version])),
  // Only those in use: a new strategy that nobody chose makes no document outdated.
  chunker: Object.fromEntries(strategiesIn(config.chunking).map((name) => [name, chunkers[name].version])),
  qualityVersion,
  sketchVersion,
  languageVersion,
  chunking: {
    ...shape(config.chunking),
    rules: config.chunking.rules.map((rule) => ({
      prefix: rule.prefix,
      ...shape(completeRule(rule, config.chunking)),
    })),
  },
  chunkBytes: config.limits.chunkBytes,
  folders: config.metadata.folders,
  // Only where it is not the rule, so that documents from before tags were read are not outdated.
  ...(config.metadata.tags ? {} : { tags: false }),
  quality: config.quality,
  ocrLanguages: config.embedding.images.ocrLanguages,
  gps: config.embedding.images.gps,
  embedding: embedding.identity,
  // Where there is no image model nothing is said of one, as before there were any.
  ...(images && { images: images.identity, mostImages: config.embedding.images.most }),
});
