import type { ChunkRow } from "../../lib/chunk-row.ts";

/** A chunk row of which only what matters to a test is given. */
export const chunkRow = (options: Partial<ChunkRow> & { readonly id: string }): ChunkRow => ({
  documentId: `document-of-${options.id}`,
  run: 1,
  key: `${options.id}.txt`,
  contentType: "text/plain",
  metadata: {},
  ingestedAt: Date.UTC(2026, 10, 1),
  ordinal: 0,
  text: `text of ${options.id}`,
  tokens: 10,
  page: null,
  heading: "",
  charStart: 0,
  charEnd: 9,
  modality: "text",
  language: "en",
  contentHash: "",
  quality: 1,
  qualityFlags: [],
  clusterId: -1,
  clusterVersion: 0,
  clusterDistance: 0,
  vector: Float32Array.of(1, 0),
  duplicateGroup: "",
  ...options,
});
