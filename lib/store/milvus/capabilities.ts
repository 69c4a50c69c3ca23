import type { Config } from "../../config/schema.ts";
import { AppError } from "../../errors.ts";

export type IndexType = Config["store"]["index"]["type"];
export type Metric = Config["store"]["metric"];

/** What one server can do. Everything that depends on a version is decided here and asked for before the call. */
export type Capabilities = {
  readonly name: string;
  readonly lite: boolean;
  /** BM25 by the server, and with it sparse and hybrid search; the analyzer that takes our words as they are. */
  readonly bm25: { readonly analyzer: Readonly<Record<string, unknown>> } | null;
  /** Index types of the vectors that it knows. Whether it was built with GPU support it does not tell. */
  readonly indexTypes: ReadonlySet<IndexType>;
  /** `like "%part%"` beside `like "prefix%"`. */
  readonly infixMatch: boolean;
  /** Index of a VARCHAR field that filters read; null where none is safe for all strings. */
  readonly textIndex: string | null;
  readonly numberIndex: string | null;
  /** Searches give vectors at their own consistency; without, asking for them costs a Strong read. */
  readonly vectorsInSearch: boolean;
  /** Aliases go with their collection; newer servers refuse to drop it while it has any. */
  readonly dropsAliases: boolean;
  /** Partition keys that upserts keep to. */
  readonly partitionKeys: boolean;
  readonly users: boolean;
  readonly replicas: boolean;
  readonly resourceGroups: boolean;
};

type Version = readonly [major: number, minor: number, patch: number];

const since = (version: Version, ...from: readonly number[]): boolean => {
  for (const [i, least] of from.entries()) {
    const part = version[i] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
};

/** First version of each index type: the release notes and index pages of milvus.io. */
const indexSince: Readonly<Record<IndexType, readonly [number, number]>> = {
  AUTOINDEX: [2, 2],
  FLAT: [2, 0],
  IVF_FLAT: [2, 0],
  IVF_SQ8: [2, 0],
  IVF_PQ: [2, 0],
  HNSW: [2, 0],
  HNSW_SQ: [2, 5],
  DISKANN: [2, 2],
  SCANN: [2, 3],
  GPU_IVF_FLAT: [2, 3],
  GPU_IVF_PQ: [2, 3],
  GPU_BRUTE_FORCE: [2, 4],
  GPU_CAGRA: [2, 4],
};

/** Of milvus-lite 3.2: `index/factory.py`; IVF_PQ is reserved there, the others are unknown. */
const liteIndexes: readonly IndexType[] = ["AUTOINDEX", "FLAT", "IVF_FLAT", "IVF_SQ8", "HNSW", "HNSW_SQ"];

/** Least versions that the driver works with: arrays and JSON paths are older, count(*) and upsert are not. */
const oldest: Version = [2, 3, 0];

const lite = (name: string): Capabilities => ({
  name,
  lite: true,
  bm25: { analyzer: { tokenizer: "standard" } },
  indexTypes: new Set(liteIndexes),
  infixMatch: true,
  textIndex: "INVERTED",
  numberIndex: "INVERTED",
  vectorsInSearch: true,
  dropsAliases: true,
  partitionKeys: true,
  users: false,
  replicas: false,
  resourceGroups: false,
});

const full = (name: string, version: Version): Capabilities => ({
  name,
  lite: false,
  // Porter's stemmer joins English word forms, as the embedded store does; our words are cut and folded already.
  bm25: since(version, 2, 5)
    ? { analyzer: { tokenizer: "whitespace", filter: [{ type: "stemmer", language: "english" }] } }
    : null,
  indexTypes: new Set(
    (Object.keys(indexSince) as IndexType[]).filter((type) => since(version, ...indexSince[type])),
  ),
  infixMatch: since(version, 2, 4),
  // 2.3 has Trie, which cuts a text at its first NUL.
  textIndex: since(version, 2, 4) ? "INVERTED" : null,
  numberIndex: since(version, 2, 4) ? "INVERTED" : "STL_SORT",
  // 2.3 queries the vectors of its hits again, as if nobody had named a level: 200 ms instead of 5.
  vectorsInSearch: since(version, 2, 4),
  // milvus-io/milvus pull requests 40143, 40147, 40148.
  dropsAliases: !since(version, 2, 4),
  // Before, upserts spread rows over partitions by another field: milvus-io/milvus pull request 30772.
  partitionKeys: since(version, 2, 4),
  users: true,
  replicas: true,
  resourceGroups: true,
});

/**
 * @param version as GetVersion gives it: `v2.6.19`, `2.3.5-lite` (the standalone server of the Python package),
 *   `milvus_lite-3.2.2`
 * @throws AppError `NOT_AVAILABLE` for a server that is too old
 */
export const capabilitiesOf = (version: string): Capabilities => {
  if (/^milvus[_-]lite/i.test(version)) return lite(version.replace(/^milvus[_-]lite-?/i, "milvus-lite "));
  const [, major, minor, patch] = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  // A build without a version is a development build: newest.
  if (major === undefined) return full(`Milvus ${version}`, [99, 0, 0]);
  const parsed: Version = [Number(major), Number(minor), Number(patch ?? 0)];
  if (!since(parsed, ...oldest))
    throw new AppError("NOT_AVAILABLE", `Milvus ${parsed.join(".")} is too old: 2.3 or newer is needed`);
  return full(`Milvus ${parsed.join(".")}`, parsed);
};

/** @throws AppError `NOT_AVAILABLE` with what this server can do instead */
export const requireIndex = (server: Capabilities, type: IndexType): void => {
  if (server.indexTypes.has(type)) return;
  throw new AppError(
    "NOT_AVAILABLE",
    `${server.name} has no index ${type}: set store.index.type to one of ${[...server.indexTypes].join(", ")}`,
  );
};

/** @throws AppError `NOT_AVAILABLE` */
export const requireWords = (server: Capabilities, mode: string): void => {
  if (server.bm25 !== null) return;
  throw new AppError(
    "NOT_AVAILABLE",
    `${mode} search needs BM25, which ${server.name} does not have (2.5 and later do): ask for mode dense`,
  );
};

/** @throws AppError `NOT_AVAILABLE` */
export const requireReplicas = (server: Capabilities, replicas: number): void => {
  if (replicas === 1 || server.replicas) return;
  throw new AppError(
    "NOT_AVAILABLE",
    `${server.name} is one process and holds no replicas: set store.replicas to 1`,
  );
};

/** @throws AppError `NOT_AVAILABLE` */
export const requirePartitions = (server: Capabilities, partitionKey: string | null): void => {
  if (partitionKey === null || server.partitionKeys) return;
  throw new AppError(
    "NOT_AVAILABLE",
    `${server.name} upserts rows into wrong partitions (2.4 and later do not): set store.partitionKey to null`,
  );
};
