import { randomUUID } from "node:crypto";
import { AppError } from "../../errors.ts";
import type { CollectionSpec } from "../store.ts";
import { requireIndex } from "./capabilities.ts";
import { listAliases, openLayout } from "./catalogue.ts";
import { type Connection, connectMilvus } from "./connection.ts";
import {
  type BuiltIndex,
  buildProblem,
  createIndexes,
  describeIndexes,
  readVectorIndex,
  watchBuild,
} from "./index-building.ts";
import { buildParameters, serverMetric } from "./indexes.ts";
import { isLoaded, loadCollection, releaseCollection } from "./loading.ts";
import { replicaProblem } from "./nodes.ts";
import type { MilvusOptions } from "./options.ts";
import { countRows, prepareFilter } from "./reads.ts";
import { vectorField } from "./schema.ts";

/** One copy of a collection in memory. */
export type Replica = {
  readonly id: string;
  readonly resourceGroup: string;
  /** Query nodes that hold it. */
  readonly nodes: readonly string[];
};

export type CollectionReport = {
  readonly spec: CollectionSpec;
  readonly aliases: readonly string[];
  /** null while it is not loaded: counting needs it in memory. */
  readonly rows: number | null;
  readonly loaded: boolean;
  /** null: this server has no replicas to tell of. */
  readonly replicas: readonly Replica[] | null;
  readonly index: BuiltIndex | null;
  readonly partitionKey: string | null;
  /** BM25 words: sparse and hybrid search work. */
  readonly words: boolean;
  /** What is not as kettle.yml asks, or not right at all, in words. */
  readonly problems: readonly string[];
};

export type IndexCheck = {
  readonly server: string;
  readonly type: string;
  readonly metric: string;
  readonly build: Readonly<Record<string, unknown>>;
  /** null: the server built it. */
  readonly problem: string | null;
};

/** What `kettle collections` and `kettle index` do beyond the port. Names are physical collections or aliases. */
export type MilvusAdmin = {
  describe(name: string): Promise<CollectionReport>;
  /** Into memory with `replicas` copies, other than it may have now; waits. */
  load(name: string, replicas: number): Promise<void>;
  release(name: string): Promise<void>;
  /** Loads, and reads once, so that the first search does not pay for it. */
  warmUp(name: string): Promise<void>;
  /** Drops the index of the vectors and builds the one of kettle.yml; searches wait meanwhile. */
  rebuildIndex(name: string): Promise<BuiltIndex>;
  /** Has the server build the index of kettle.yml over a small collection of its own, and says what came of it. */
  checkIndex(dimension: number): Promise<IndexCheck>;
  close(): Promise<void>;
};

/** How long an index may show no progress, and how long all of it may take. */
export type Patience = { readonly patienceMs: number; readonly timeoutMs: number };
const patience: Patience = { patienceMs: 60_000, timeoutMs: 3_600_000 };

const replicasOf = async (connection: Connection, name: string): Promise<readonly Replica[] | null> => {
  const { replicas } = await connection.capabilities();
  if (!replicas) return null;
  const { collectionID } = await connection.call("DescribeCollection", name, (sdk) =>
    sdk.describeCollection({ collection_name: name }),
  );
  const answer = await connection.call("GetReplicas", name, (sdk) =>
    sdk.getReplicas({ collectionID, with_shard_nodes: true }),
  );
  return answer.replicas.map(({ replicaID, resource_group_name, node_ids }) => ({
    id: String(replicaID),
    resourceGroup: resource_group_name,
    nodes: node_ids.map(String),
  }));
};

/** What an index is, beside what kettle.yml asks for by now. */
const indexDifferences = (index: BuiltIndex | null, options: MilvusOptions): readonly string[] => {
  if (index === null) return ["it has no index of the vectors: kettle collections rebuild makes it anew"];
  const { type } = options.index;
  const metric = serverMetric({ type, metric: options.metric });
  const built = buildProblem(index, 0);
  return [
    ...(index.type === type ? [] : [`its index is ${index.type}, kettle.yml asks for ${type}`]),
    ...(index.metric === metric ? [] : [`its metric is ${index.metric}, kettle.yml asks for ${metric}`]),
    ...(built === null || index.totalRows === 0 ? [] : [built]),
  ];
};

const describe = async (
  connection: Connection,
  name: string,
  options: MilvusOptions,
): Promise<CollectionReport> => {
  const layout = await openLayout(connection, name);
  const { spec, words, partitionKey } = layout;
  const loaded = await isLoaded(connection, spec.name);
  const index = readVectorIndex(await describeIndexes(connection, spec.name));
  const target = { connection, name: spec.name, level: "Strong", rowFields: [] } as const;
  const replicas = loaded ? await replicasOf(connection, spec.name) : [];
  return {
    spec,
    aliases: await listAliases(connection, spec.name),
    rows: loaded ? await countRows(target, await prepareFilter(connection, layout, undefined)) : null,
    loaded,
    replicas,
    index,
    partitionKey,
    words,
    problems: [
      ...indexDifferences(index, options),
      ...(options.parents && !layout.parents
        ? ["it has no fields for parents (chunking.parent): kettle collections rebuild makes it anew"]
        : []),
      ...(loaded ? [] : ["it is not loaded: the first search will wait for it"]),
      ...(replicas === null || !loaded || replicas.length === options.replicas
        ? []
        : [`it has ${replicas.length} replicas in memory, kettle.yml asks for ${options.replicas}`]),
    ],
  };
};

/** Loaded with another number of replicas, a collection has to be released first. */
const reload = async (connection: Connection, name: string, options: MilvusOptions): Promise<void> => {
  const problem = await replicaProblem(connection, options.replicas);
  if (problem !== null) throw new AppError("STORE_UNAVAILABLE", `LoadCollection of ${name}: ${problem}`);
  await releaseCollection(connection, name);
  await loadCollection(connection, name, options);
};

/** Milvus has no index for fewer rows in a segment (`indexCoord.segment.minSegmentNumRowsToEnableIndex`). */
const probeRows = 2_048;

const fillProbe = async (connection: Connection, name: string, dimension: number): Promise<void> => {
  const data = Array.from({ length: probeRows }, (_, row) => ({
    id: row,
    // Neither alike nor in need of a seed.
    [vectorField]: Array.from({ length: dimension }, (_, i) => Math.sin((row + 1) * (i + 1) * 0.7)),
  }));
  await connection.call("Insert", name, (sdk) => sdk.insert({ collection_name: name, data }));
  await connection.call("Flush", name, (sdk) => sdk.flushSync({ collection_names: [name] }));
};

const probe = async (
  connection: Connection,
  name: string,
  dimension: number,
  options: MilvusOptions,
  wait: Patience,
): Promise<void> => {
  const setting = { ...options.index, metric: options.metric, dimension, expectedRows: probeRows };
  await connection.call("CreateCollection", name, (sdk) =>
    sdk.createCollection({
      collection_name: name,
      description: "Kettle tries an index here; safe to drop",
      fields: [
        { name: "id", data_type: "Int64", is_primary_key: true },
        { name: vectorField, data_type: "FloatVector", dim: dimension },
      ],
    }),
  );
  await fillProbe(connection, name, dimension);
  await connection.call("CreateIndex", name, (sdk) =>
    sdk.createIndex({
      collection_name: name,
      field_name: vectorField,
      index_name: vectorField,
      index_type: setting.type,
      metric_type: serverMetric(setting),
      params: { ...buildParameters(setting) },
    }),
  );
  await watchBuild(connection, name, { ...wait, minRows: probeRows });
};

const checkIndex = async (
  connection: Connection,
  dimension: number,
  options: MilvusOptions,
  wait: Patience,
): Promise<IndexCheck> => {
  const server = await connection.capabilities();
  const { type } = options.index;
  const setting = { ...options.index, metric: options.metric, dimension };
  const check = { server: server.name, type, metric: serverMetric(setting), build: buildParameters(setting) };
  const name = `kettle_probe_${randomUUID().replaceAll("-", "")}`;
  try {
    requireIndex(server, type);
    await probe(connection, name, dimension, options, wait);
    return { ...check, problem: null };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ...check, problem: error.message };
  } finally {
    await connection
      .call("DropCollection", name, (sdk) => sdk.dropCollection({ collection_name: name }))
      .catch(() => null);
  }
};

const rebuildIndex = async (
  connection: Connection,
  name: string,
  options: MilvusOptions,
  wait: Patience,
): Promise<BuiltIndex> => {
  const layout = await openLayout(connection, name);
  const collection = layout.spec.name;
  requireIndex(await connection.capabilities(), options.index.type);
  // An index in memory cannot be dropped.
  await releaseCollection(connection, collection);
  await connection.call("DropIndex", collection, (sdk) =>
    sdk.dropIndex({ collection_name: collection, field_name: vectorField, index_name: vectorField }),
  );
  await createIndexes(connection, layout, options);
  const built = await watchBuild(connection, collection, wait);
  await loadCollection(connection, collection, options);
  return built;
};

export const milvusAdmin = (options: MilvusOptions, wait: Patience = patience): MilvusAdmin => {
  const connection = connectMilvus(options);
  const physical = async (name: string) => (await openLayout(connection, name)).spec.name;
  return {
    describe: (name) => describe(connection, name, options),
    load: async (name, replicas) => reload(connection, await physical(name), { ...options, replicas }),
    release: async (name) => releaseCollection(connection, await physical(name)),
    async warmUp(name) {
      const layout = await openLayout(connection, name);
      const collection = layout.spec.name;
      if (!(await isLoaded(connection, collection))) await loadCollection(connection, collection, options);
      const target = { connection, name: collection, level: "Eventually", rowFields: [] } as const;
      await countRows(target, await prepareFilter(connection, layout, undefined));
    },
    rebuildIndex: (name) => rebuildIndex(connection, name, options, wait),
    checkIndex: (dimension) => checkIndex(connection, dimension, options, wait),
    close: () => connection.close(),
  };
};
