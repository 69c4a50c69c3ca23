import { setTimeout as pause } from "node:timers/promises";
import type { IndexDescription } from "@zilliz/milvus2-sdk-node";
import { AppError } from "../../errors.ts";
import type { IndexType, Metric } from "./capabilities.ts";
import type { Connection } from "./connection.ts";
import { isServerCode } from "./failures.ts";
import { buildParameters, type IndexSetting, isGpu, type Parameters, serverMetric } from "./indexes.ts";
import type { MilvusOptions } from "./options.ts";
import { type Layout, sparseField, vectorField } from "./schema.ts";

/** Fields that filters of the delivery protocol and of callers narrow by. */
const indexedTexts = ["documentId", "key", "contentType", "language"] as const;
const indexedNumbers = ["run"] as const;

/** How BM25 weighs: as the embedded store does. */
const bm25 = { bm25_k1: 1.2, bm25_b: 0.75 } as const;

type Wanted = {
  readonly field: string;
  readonly type: string;
  readonly metric?: string;
  readonly params?: Parameters;
};

export const indexSetting = (
  { spec }: Layout,
  { index, metric }: Pick<MilvusOptions, "index" | "metric">,
): IndexSetting => ({ ...index, metric, dimension: spec.dimension });

const wantedIndexes = async (
  connection: Connection,
  layout: Layout,
  options: MilvusOptions,
): Promise<readonly Wanted[]> => {
  const { textIndex, numberIndex } = await connection.capabilities();
  const setting = indexSetting(layout, options);
  return [
    {
      field: vectorField,
      type: setting.type,
      metric: serverMetric(setting),
      params: buildParameters(setting),
    },
    ...(layout.words
      ? [{ field: sparseField, type: "SPARSE_INVERTED_INDEX", metric: "BM25", params: bm25 }]
      : []),
    ...(textIndex === null ? [] : indexedTexts.map((field) => ({ field, type: textIndex }))),
    ...(numberIndex === null ? [] : indexedNumbers.map((field) => ({ field, type: numberIndex }))),
  ];
};

export const describeIndexes = async (
  connection: Connection,
  name: string,
): Promise<readonly IndexDescription[]> => {
  try {
    const described = await connection.call("DescribeIndex", name, (sdk) =>
      sdk.describeIndex({ collection_name: name }),
    );
    return described.index_descriptions;
  } catch (error) {
    if (isServerCode(error, "indexNotFound")) return [];
    throw error;
  }
};

const createIndex = async (connection: Connection, name: string, wanted: Wanted): Promise<void> => {
  const { field, type, metric, params } = wanted;
  await connection
    .call("CreateIndex", name, (sdk) =>
      sdk.createIndex({
        collection_name: name,
        field_name: field,
        index_name: field,
        index_type: type,
        ...(metric !== undefined && { metric_type: metric }),
        ...(params !== undefined && { params: { ...params } }),
      }),
    )
    .catch(async (error: unknown) => {
      // Another process may have been first.
      const there = await describeIndexes(connection, name);
      if (!there.some(({ field_name }) => field_name === field)) throw error;
    });
};

/** Those that are missing; an index that is there stays as it is, whatever kettle.yml says by now. */
export const createIndexes = async (
  connection: Connection,
  layout: Layout,
  options: MilvusOptions,
): Promise<void> => {
  const { name } = layout.spec;
  const there = new Set((await describeIndexes(connection, name)).map(({ field_name }) => field_name));
  const missing = (await wantedIndexes(connection, layout, options)).filter(({ field }) => !there.has(field));
  for (const wanted of missing) await createIndex(connection, name, wanted);
};

const parametersOf = ({ params }: IndexDescription): Record<string, string> => {
  const flat = Object.fromEntries(params.map(({ key, value }) => [key, String(value)]));
  // 2.3 keeps build parameters as JSON under `params`, later versions beside the others.
  const nested: Record<string, unknown> = JSON.parse(flat.params || "{}");
  return {
    ...Object.fromEntries(Object.entries(nested).map(([key, value]) => [key, String(value)])),
    ...flat,
  };
};

/** The index of the vectors as the server has it; null: none yet. */
export type BuiltIndex = {
  readonly type: IndexType;
  readonly metric: Metric;
  readonly build: Parameters;
  readonly totalRows: number;
  readonly indexedRows: number;
  readonly pendingRows: number;
  readonly state: string;
  readonly reason: string;
};

export const readVectorIndex = (indexes: readonly IndexDescription[]): BuiltIndex | null => {
  const found = indexes.find(({ field_name }) => field_name === vectorField);
  if (found === undefined) return null;
  const { index_type, metric_type, params: _, ...build } = parametersOf(found);
  return {
    type: (index_type ?? "AUTOINDEX") as IndexType,
    metric: (metric_type ?? "COSINE") as Metric,
    build,
    totalRows: Number(found.total_rows),
    indexedRows: Number(found.indexed_rows),
    pendingRows: Number(found.pending_index_rows ?? 0),
    state: found.state,
    reason: found.index_state_fail_reason,
  };
};

/** Why an index is not what it should be; null while there is nothing wrong. */
export const buildProblem = (built: BuiltIndex, waitedMs: number): string | null => {
  if (built.state === "Failed")
    return `building ${built.type} failed: ${built.reason || "the server gives no reason"}`;
  if (built.state === "Finished" || built.indexedRows > 0) return null;
  const cause = isGpu(built.type)
    ? "a server that was built without GPU support accepts GPU indexes and never builds them: use the -gpu image on " +
      "nodes with a GPU, or an index without GPU_"
    : built.type === "DISKANN"
      ? "DISKANN needs queryNode.enableDisk and a local disk on query and data nodes"
      : "look at the server's data nodes";
  return (
    `the server accepted ${built.type} and has built none of ${built.totalRows} rows in ` +
    `${Math.round(waitedMs / 1000)} s (state ${built.state}${built.reason ? `: ${built.reason}` : ""}); ${cause}`
  );
};

type Wait = {
  /** Longest time in all. */
  readonly timeoutMs: number;
  /** Longest time without a single row built. */
  readonly patienceMs: number;
  /** Rows that the server must know of: it takes a while to count what was just written. */
  readonly minRows?: number;
};

/** null: wait on. */
const hopeless = (built: BuiltIndex | null, waited: number, wait: Wait): string | null => {
  const late = waited > wait.timeoutMs ? `the index is not built after ${Math.round(waited / 1000)} s` : null;
  if (built === null) return waited > wait.patienceMs ? "there is no index of the vectors" : late;
  const problem = buildProblem(built, waited);
  return problem !== null && (built.state === "Failed" || waited > wait.patienceMs) ? problem : late;
};

/** Watches until the index of the vectors is built. @throws AppError `NOT_AVAILABLE` with the reason */
export const watchBuild = async (connection: Connection, name: string, wait: Wait): Promise<BuiltIndex> => {
  const started = Date.now();
  for (;;) {
    const built = readVectorIndex(await describeIndexes(connection, name));
    if (built?.state === "Finished" && built.totalRows >= (wait.minRows ?? 0)) return built;
    const waited = Date.now() - started;
    const reason = hopeless(built, waited, wait);
    if (reason !== null) throw new AppError("NOT_AVAILABLE", `${name}: ${reason}`);
    await pause(Math.min(1_000, 100 + waited / 10));
  }
};
