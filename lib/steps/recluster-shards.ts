import type { PublishedCentroids } from "../centroids/published.ts";
import { type ShardState, surveyOf } from "../centroids/survey.ts";
import { nearestCentroids } from "../cluster/nearest.ts";
import { addTallies, emptyTally, type Tally, tallyOf } from "../cluster/tally.ts";
import { joinedRows } from "../cluster/vectors.ts";
import type { ShardMessage } from "../messages.ts";
import type { Filter, FilterCondition } from "../store/filter.ts";
import type { CollectionSpec, VectorRow } from "../store/store.ts";
import { nearestPerCluster, pageRowsOf, type ReclusterDeps } from "./recluster-deps.ts";

/** Ids are hashes in hexadecimal: equal ranges of them have equally many rows. The outer ones take every other id too. */
export const rangeOf = (shard: number, shards: number): Filter => {
  const bound = (number: number): string =>
    Math.floor((number * 2 ** 32) / shards)
      .toString(16)
      .padStart(8, "0");
  const from: FilterCondition = { field: "id", op: "gte", value: bound(shard) };
  const to: FilterCondition = { field: "id", op: "lt", value: bound(shard + 1) };
  return { and: [...(shard === 0 ? [] : [from]), ...(shard === shards - 1 ? [] : [to])] };
};

/** One message a shard; none where the training itself has seen every row. */
export const shardMessages = (
  { config }: ReclusterDeps,
  spec: CollectionSpec,
  { version, rows, sampled }: PublishedCentroids,
): readonly ShardMessage[] => {
  const shards = rows <= sampled ? 0 : Math.ceil(rows / config.clustering.shardRows);
  return Array.from({ length: shards }, (_, shard) => ({
    version: 1,
    task: "shard",
    collection: spec.name,
    identity: spec.identity,
    clusterVersion: version,
    shard,
    shards,
  }));
};

const tallyPage = (
  rows: readonly VectorRow[],
  { k, dimension, centroids, radii }: PublishedCentroids,
): Tally => {
  const vectors = joinedRows(rows.map(({ vector }) => vector));
  const nearest = nearestCentroids(vectors, dimension, centroids);
  const { ids: labels, distances } =
    radii === undefined ? nearest : nearestCentroids(vectors, dimension, centroids, radii);
  const ids = rows.map(({ id }) => id);
  return tallyOf({ ids, labels, distances, toNearest: nearest.distances }, k, nearestPerCluster);
};

/** Rows from where the state stands, some pages on; `cursor` null is the end of the shard. */
const advance = async (
  deps: ReclusterDeps,
  message: ShardMessage,
  published: PublishedCentroids,
  state: ShardState,
  signal: AbortSignal,
): Promise<ShardState> => {
  const [limit, keptRows] = [pageRowsOf(deps), deps.keptRows ?? 10_000];
  const filter = rangeOf(message.shard, message.shards);
  let { cursor, tally } = state;
  const until = tally.rows + keptRows;
  do {
    const page = await deps.store.scanVectors(message.collection, {
      filter,
      limit,
      ...(cursor === null ? {} : { cursor }),
    });
    tally = addTallies(tally, tallyPage(page.rows, published), nearestPerCluster);
    cursor = page.cursor ?? null;
  } while (cursor !== null && tally.rows < until && !signal.aborted);
  return { cursor, tally };
};

/** Whoever finds every shard finished puts them together. */
const putTogether = async (deps: ReclusterDeps, message: ShardMessage, k: number): Promise<boolean> => {
  let whole = emptyTally(k);
  const finished = await deps.shards.eachFinished(message, message.shards, (tally) => {
    whole = addTallies(whole, tally, nearestPerCluster);
  });
  if (!finished) return false;
  const version = { identity: message.identity, version: message.clusterVersion };
  await deps.centroids.attach(version, "survey", JSON.stringify(surveyOf(whole, deps.now())));
  await deps.shards.clear(message);
  return true;
};

/** What became of a shard. `stale`: of a version that is no longer the current one, or surveyed already. */
export type ShardOutcome = "stale" | "finished" | "surveyed" | "continued";

/** Goes on where the shard stands; false: the time is almost over, and the rest is asked for by a message. */
const assignRows = async (
  deps: ReclusterDeps,
  message: ShardMessage,
  published: PublishedCentroids,
  signal: AbortSignal,
): Promise<boolean> => {
  for (let kept = await deps.shards.read(message); ; ) {
    const next = await advance(deps, message, published, kept ?? start(published), signal);
    if (next.cursor === null) {
      await deps.shards.finish(message, next.tally);
      return true;
    }
    kept = (await deps.shards.save(message, kept, next)) ?? (await deps.shards.read(message));
    if (!signal.aborted) continue;
    await deps.queue.send([message]);
    return false;
  }
};

/**
 * Assigns the rows of one shard to their nearest centroids and keeps what comes of it: how many, how far, which are
 * nearest. Writes no row. Goes on where the shard stands, in steps of `keptRows`, each kept by compare-and-swap, so that
 * deliveries of one message side by side help each other and none counts a row twice. When the time is almost over the
 * rest is sent as a message of its own.
 */
export const assignShard = async (
  deps: ReclusterDeps,
  message: ShardMessage,
  signal: AbortSignal,
): Promise<ShardOutcome> => {
  const published = await deps.centroids.latest(message.identity);
  if (published?.version !== message.clusterVersion) return "stale";
  if ((await deps.centroids.attached(published, "survey")) !== null) {
    // Who put the shards together may have died before they were cleared.
    await deps.shards.clear(message);
    return "stale";
  }
  const finished =
    (await deps.shards.isFinished(message)) || (await assignRows(deps, message, published, signal));
  if (!finished) return "continued";
  return (await putTogether(deps, message, published.k)) ? "surveyed" : "finished";
};

const start = ({ k }: PublishedCentroids): ShardState => ({ cursor: null, tally: emptyTally(k) });
