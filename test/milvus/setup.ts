import type { MilvusOptions } from "../../lib/store/milvus/options.ts";
import { milvusStore } from "../../lib/store/milvus.ts";

/** The server of this run, started by `run.ts`: `{address, token}`. */
export const server: { readonly address: string; readonly token: string | null } = JSON.parse(
  process.env.KETTLE_TEST_MILVUS ?? '{"address":"","token":null}',
);

/** What the suites start from: FLAT and Strong, so that every answer is exact and fresh. */
export const milvusOptions = (overrides: Partial<MilvusOptions> = {}): MilvusOptions => ({
  address: server.address,
  database: "default",
  token: async () => server.token,
  tls: null,
  timeoutMs: 20_000,
  index: { type: "FLAT", expectedRows: 100_000, targetRecall: 0.95, build: {}, search: {} },
  metric: "COSINE",
  replicas: 1,
  shards: 1,
  consistency: "Strong",
  partitionKey: null,
  parents: false,
  loadTimeoutMs: 60_000,
  ...overrides,
});

export const openMilvus = async (overrides: Partial<MilvusOptions> = {}) =>
  milvusStore(milvusOptions(overrides));
