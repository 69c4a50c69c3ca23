import { hasParents } from "../../chunk/rules.ts";
import type { Config } from "../../config/schema.ts";
import type { ConnectionOptions } from "./connection.ts";
import type { IndexSetting } from "./indexes.ts";

export type Consistency = Config["store"]["consistency"];

export type MilvusOptions = ConnectionOptions & {
  /** What new collections are made with; those that are there keep what they have. */
  readonly index: Omit<IndexSetting, "dimension" | "metric">;
  readonly metric: IndexSetting["metric"];
  /** In-memory replicas to load with. */
  readonly replicas: number;
  readonly shards: number;
  /** Of searches; whatever the delivery protocol depends on is read with Strong. */
  readonly consistency: Consistency;
  /** Metadata key whose values part the rows of new collections; null: no partitions. */
  readonly partitionKey: string | null;
  /** Whether rows may have parents: then collections without fields for them are told of. */
  readonly parents: boolean;
  /** Longest wait until a collection is loaded. */
  readonly loadTimeoutMs: number;
};

/** Longest wait for a collection: query nodes read it from object storage. */
const loadTimeoutMs = 60_000;

/** What kettle.yml says of collections, for a connection. */
export const milvusOptions = (
  { store, chunking }: Pick<Config, "store" | "chunking">,
  connection: ConnectionOptions,
): MilvusOptions => ({
  ...connection,
  index: store.index,
  metric: store.metric,
  replicas: store.replicas,
  shards: store.shards,
  consistency: store.consistency,
  partitionKey: store.partitionKey,
  parents: hasParents(chunking),
  loadTimeoutMs,
});
