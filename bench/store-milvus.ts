import { randomUUID } from "node:crypto";
import { MilvusClient, type RowData } from "@zilliz/milvus2-sdk-node";
import type { ChunkRow } from "../lib/chunk-row.ts";
import { capabilitiesOf } from "../lib/store/milvus/capabilities.ts";
import type { MilvusOptions } from "../lib/store/milvus/options.ts";
import { idsIn, levelOf } from "../lib/store/milvus/reads.ts";
import { prepareRow } from "../lib/store/milvus/rows.ts";
import { rowFieldsOf, vectorField } from "../lib/store/milvus/schema.ts";
import { milvusStore } from "../lib/store/milvus.ts";
import type { CollectionSpec, VectorStore } from "../lib/store/store.ts";
import type { BenchRow } from "./row.ts";

const batch = 50;
const limit = 10;
/** Rows of a page when clusters are made. */
const scanPage = 500;
const searches = 600;
const warmUps = 30;
const rowFields = rowFieldsOf({ parents: true });

/** Two collections of one server: ours is written and searched by the driver, the other by the SDK alone. */
type Pair = {
  readonly store: VectorStore;
  readonly sdk: MilvusClient;
  readonly ours: CollectionSpec;
  readonly bare: CollectionSpec;
  readonly words: boolean;
  /** One call gives whole rows; without, the SDK has to query the hits, as the driver does. */
  readonly vectorsInSearch: boolean;
};

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

/** In turns, so that what else the machine does falls on both. */
const inTurns = async (
  turn: number,
  times: { readonly ours: number[]; readonly bare: number[] },
  work: { readonly ours: () => Promise<unknown>; readonly bare: () => Promise<unknown> },
): Promise<void> => {
  const order = turn % 2 === 0 ? (["ours", "bare"] as const) : (["bare", "ours"] as const);
  for (const who of order) times[who].push(await timed(work[who]));
};

const succeeded = (answer: {
  readonly status: { readonly error_code: unknown; readonly reason: string };
}) => {
  if (answer.status.error_code !== "Success") throw new Error(answer.status.reason);
};

/** Of the calls after those that warm up. */
const at = (times: readonly number[], share: number): number =>
  times.slice(warmUps).toSorted((a, b) => a - b)[Math.floor((times.length - warmUps) * share)] ?? 0;

const writes = async ({ store, sdk, ours, bare, words }: Pair, rows: readonly ChunkRow[]) => {
  const layout = { spec: ours, words, parents: true, partitionKey: null };
  const times = { ours: [] as number[], bare: [] as number[] };
  for (let n = 0; n < rows.length; n += batch) {
    const some = rows.slice(n, n + batch);
    // Both begin with the same rows, whose vectors are as embedding gives them; the SDK wants arrays of numbers.
    const plain = some.map((row) => prepareRow(row, layout).data);
    await inTurns(n / batch, times, {
      ours: () => store.upsert(ours.name, some),
      bare: async () => {
        const data = some.map(({ vector }, at) => ({ ...plain[at], [vectorField]: [...vector] }) as RowData);
        succeeded(await sdk.upsert({ collection_name: bare.name, data }));
      },
    });
  }
  // By the median call: now and then the server stops to seal a segment, for one of the two.
  const perSecond = (all: readonly number[]) => (batch * 1000) / at(all, 0.5);
  return { ours: perSecond(times.ours), bare: perSecond(times.bare) };
};

const bareSearch = async ({ sdk, bare, vectorsInSearch }: Pair, vector: Float32Array): Promise<void> => {
  const level = levelOf("Bounded");
  const found = await sdk.search({
    collection_name: bare.name,
    anns_field: vectorField,
    data: [...vector],
    limit: limit + 1,
    output_fields: vectorsInSearch ? [...rowFields] : ["id"],
    metric_type: "COSINE",
    consistency_level: level,
  });
  succeeded(found);
  if (vectorsInSearch) return;
  const ids = found.results.slice(0, limit).map(({ id }) => String(id));
  succeeded(
    await sdk.query({
      collection_name: bare.name,
      filter: idsIn(ids),
      output_fields: [...rowFields],
      consistency_level: level,
    }),
  );
};

const reads = async (pair: Pair, queries: readonly Float32Array[]) => {
  const times = { ours: [] as number[], bare: [] as number[] };
  for (const [turn, vector] of queries.entries())
    await inTurns(turn, times, {
      ours: () => pair.store.search(pair.ours.name, { mode: "dense", vector, limit }),
      bare: () => bareSearch(pair, vector),
    });
  return (share: number) => ({ ours: at(times.ours, share), bare: at(times.bare, share) });
};

/** Rows/s of reading a whole collection by pages as recluster does: ids and vectors, and whole rows. */
const scans = async ({ store, ours }: Pair): Promise<BenchRow> => {
  const total = await store.count(ours.name);
  const all = async (read: "scan" | "scanVectors"): Promise<void> => {
    let cursor: string | undefined;
    do ({ cursor } = await store[read](ours.name, { limit: scanPage, ...(cursor && { cursor }) }));
    while (cursor !== undefined);
  };
  const times = { ours: [] as number[], bare: [] as number[] };
  for (let turn = 0; turn < 4; turn++)
    await inTurns(turn, times, { ours: () => all("scanVectors"), bare: () => all("scan") });
  const [vectors, whole] = [times.ours, times.bare].map(
    (each) => (1000 * total) / Math.min(...each.slice(1)),
  );
  return {
    name: "Milvus: reading all ids and vectors",
    value: vectors ?? 0,
    unit: "rows/s",
    peer: "whole rows",
    peerValue: whole ?? 0,
    ratio: (vectors ?? 0) / (whole ?? 1),
  };
};

/** @param better value / peerValue, or its inverse where less is better */
const row = (
  name: string,
  unit: string,
  { ours, bare }: { readonly ours: number; readonly bare: number },
  better: number,
): BenchRow => ({
  name: `Milvus: ${name}`,
  value: ours,
  unit,
  peer: "the SDK alone, same calls",
  peerValue: bare,
  ratio: ours / bare,
  goal: "at least .95 of the SDK's speed",
  met: better >= 0.95,
});

/** The driver against the SDK that it is built on, on the server at MILVUS_ADDRESS. */
export const milvusRows = async (
  server: { readonly address: string; readonly token: string | null },
  rows: readonly ChunkRow[],
  queries: readonly Float32Array[],
): Promise<readonly BenchRow[]> => {
  const dimension = rows[0]?.vector.length ?? 0;
  const spec = (part: string): CollectionSpec => ({
    name: `bench_${part}_${randomUUID().replaceAll("-", "")}`,
    dimension,
    identity: "bench",
    model: "bench",
  });
  const options: MilvusOptions = {
    address: server.address,
    database: "default",
    token: async () => server.token,
    tls: null,
    timeoutMs: 60_000,
    index: { type: "FLAT", expectedRows: rows.length, targetRecall: 0.95, build: {}, search: {} },
    metric: "COSINE",
    replicas: 1,
    shards: 1,
    consistency: "Bounded",
    partitionKey: null,
    parents: false,
    loadTimeoutMs: 60_000,
  };
  const store = milvusStore(options);
  const { address, token } = server;
  const sdk = new MilvusClient({
    address,
    ...(token !== null && { token }),
    logLevel: "error",
    __SKIP_CONNECT__: true,
  });
  const [ours, bare] = [spec("ours"), spec("bare")];
  try {
    for (const each of [ours, bare]) await store.ensure(each);
    for (const each of [ours, bare]) await store.count(each.name);
    const { bm25, vectorsInSearch } = capabilitiesOf((await sdk.getVersion()).version);
    const pair = { store, sdk, ours, bare, words: bm25 !== null, vectorsInSearch };
    const written = await writes(pair, rows);
    const times = await reads(pair, queries.slice(0, searches + warmUps));
    const [p50, p95] = [times(0.5), times(0.95)];
    return [
      row("upsert", "rows/s", written, written.ours / written.bare),
      row("dense search p50", "ms", p50, p50.bare / p50.ours),
      row("dense search p95", "ms", p95, p95.bare / p95.ours),
      await scans(pair),
    ];
  } finally {
    for (const { name } of [ours, bare]) await store.drop(name).catch(() => null);
    await store.close();
    await sdk.closeConnection();
  }
};
