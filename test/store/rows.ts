import type { ChunkRow } from "../../lib/chunk-row.ts";
import type { CollectionSpec } from "../../lib/store/store.ts";

export const dimension = 8;

export const spec = (name: string, overrides: Partial<CollectionSpec> = {}): CollectionSpec => ({
  name,
  dimension,
  identity: "a".repeat(32),
  model: "test-model",
  ...overrides,
});

/** A unit vector at `degrees` in the plane of the first two axes. */
export const at = (degrees: number): Float32Array => {
  const vector = new Float32Array(dimension);
  vector[0] = Math.cos((degrees * Math.PI) / 180);
  vector[1] = Math.sin((degrees * Math.PI) / 180);
  return vector;
};

export const row = (id: string, overrides: Partial<ChunkRow> = {}): ChunkRow => ({
  id,
  documentId: "document-1",
  run: 1,
  ordinal: 0,
  text: `text of ${id}`,
  vector: at(0),
  tokens: 3,
  quality: 0.75,
  qualityFlags: [],
  clusterId: -1,
  clusterVersion: 0,
  clusterDistance: 0,
  duplicateGroup: "",
  key: "folder/file.txt",
  page: null,
  heading: "",
  charStart: 0,
  charEnd: 10,
  contentType: "text/plain",
  modality: "text",
  language: "en",
  contentHash: "hash",
  metadata: {},
  ingestedAt: 1_790_000_000_000,
  ...overrides,
});

/** Values that break stores which splice, escape or cut text wrongly. */
export const hostile: readonly string[] = [
  "",
  " ",
  "'",
  '"',
  "''",
  '\\"',
  "\\",
  "\\\\'",
  "%",
  "_",
  "a%b_c",
  "*",
  "?",
  "`",
  "\n\r\t",
  "a\u0000b",
  "'; DROP TABLE collections; --",
  '" OR 1 == 1 or key like "%',
  "x' OR '1'='1",
  "$.key",
  "[0]",
  '{"a":1}',
  '["a"]',
  "null",
  "true",
  "7",
  "é",
  "e\u0301",
  "中文 检索",
  "😀",
  "\u202Eabc",
  "\uFFFD",
  "\u{10FFFF}",
];
