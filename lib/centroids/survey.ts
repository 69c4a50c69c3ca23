import { text } from "node:stream/consumers";
import { z } from "zod";
import type { Bucket } from "../aws/bucket.ts";
import { spreadsOf, type Tally } from "../cluster/tally.ts";

const surveySchema = z.object({
  /** Rows of the collection, and those of them in no cluster. */
  rows: z.int().nonnegative(),
  noise: z.int().nonnegative(),
  /** `[k]`, in the order of the published clusters. */
  sizes: z.array(z.int().nonnegative()),
  spreads: z.array(z.number()),
  nearest: z.array(z.array(z.string())),
  meanDistance: z.number(),
  /** ms since 1970 */
  assignedAt: z.int(),
});

/** What a look at every row says of the published clusters: exact where the training had only a sample. */
export type Survey = Readonly<z.infer<typeof surveySchema>>;

export const surveyOf = (tally: Tally, assignedAt: number): Survey => ({
  rows: tally.rows,
  noise: tally.rows - tally.sizes.reduce((sum, size) => sum + size, 0),
  sizes: [...tally.sizes],
  spreads: [...spreadsOf(tally)],
  nearest: tally.nearest.map((near) => near.map(({ id }) => id)),
  meanDistance: tally.rows === 0 ? 0 : tally.distanceSum / tally.rows,
  assignedAt,
});

/** Null when the text is not a survey. */
export const parseSurvey = (content: string | null): Survey | null => {
  if (content === null) return null;
  const parsed = surveySchema.safeParse(JSON.parse(content));
  return parsed.success ? parsed.data : null;
};

const near = z.object({ id: z.string(), distance: z.number() });
const stateSchema = z.object({
  /** Where the next page begins; null: at the beginning. */
  cursor: z.string().nullable(),
  tally: z.object({
    rows: z.int(),
    distanceSum: z.number(),
    sizes: z.array(z.int()),
    distanceSums: z.array(z.number()),
    nearest: z.array(z.array(near)),
  }),
});

/** How far the assignment of one shard is. */
export type ShardState = { readonly cursor: string | null; readonly tally: Tally };
type ReadState = ShardState & { readonly etag: string };

type ShardOf = { readonly identity: string; readonly clusterVersion: number; readonly shard: number };

/**
 * Port: the shards of the assignment of one version, in the state bucket. A shard under way is one object, replaced by
 * compare-and-swap; a finished one is another, so that a listing says how many are done.
 */
export type Shards = {
  read(shard: ShardOf): Promise<ReadState | null>;
  /** Null: somebody else went on with the shard since it was read. */
  save(shard: ShardOf, previous: ReadState | null, state: ShardState): Promise<ReadState | null>;
  finish(shard: ShardOf, tally: Tally): Promise<void>;
  isFinished(shard: ShardOf): Promise<boolean>;
  /**
   * Gives `take` the tallies of a version's finished shards, always in the same order, a few in memory at a time: of
   * thousands of clusters each has megabytes. False while fewer than `shards` are finished.
   */
  eachFinished(
    version: Omit<ShardOf, "shard">,
    shards: number,
    take: (tally: Tally) => void,
  ): Promise<boolean>;
  /** Forgets the shards of that version and of older ones. */
  clear(version: Omit<ShardOf, "shard">): Promise<void>;
};

const readAtOnce = 16;

const prefixOf = (identity: string): string => `centroids/${identity}/shards/`;
const folderOf = ({ identity, clusterVersion }: Omit<ShardOf, "shard">): string =>
  `${prefixOf(identity)}${clusterVersion}/`;
const underWay = (shard: ShardOf): string => `${folderOf(shard)}${shard.shard}.json`;
const done = (shard: ShardOf): string => `${folderOf(shard)}${shard.shard}.done.json`;

const keysUnder = async (bucket: Bucket, prefix: string): Promise<readonly string[]> => {
  const keys: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await bucket.list({ prefix, ...(cursor === undefined ? {} : { cursor }) });
    keys.push(...page.objects.map(({ key }) => key));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return keys;
};

const readState = async (bucket: Bucket, key: string): Promise<ReadState | null> => {
  const object = await bucket.get(key);
  if (object === null) return null;
  return { ...stateSchema.parse(JSON.parse(await text(object.body))), etag: object.etag };
};

export const bucketShards = (bucket: Bucket): Shards => ({
  read: (shard) => readState(bucket, underWay(shard)),
  save: async (shard, previous, state) => {
    const written = await bucket.put(underWay(shard), JSON.stringify(state), {
      condition: previous === null ? { ifNoneMatch: "*" } : { ifMatch: previous.etag },
      contentType: "application/json",
    });
    return "etag" in written ? { ...state, etag: written.etag } : null;
  },
  finish: async (shard, tally) => {
    const body = JSON.stringify({ cursor: null, tally });
    await bucket.put(done(shard), body, { contentType: "application/json" });
  },
  isFinished: async (shard) => (await bucket.head(done(shard))) !== null,
  eachFinished: async (version, shards, take) => {
    const keys = (await keysUnder(bucket, folderOf(version))).filter((key) => key.endsWith(".done.json"));
    if (keys.length < shards) return false;
    for (let from = 0; from < keys.length; from += readAtOnce) {
      const part = keys.slice(from, from + readAtOnce);
      for (const state of await Promise.all(part.map((key) => readState(bucket, key)))) {
        // Who cleared them has seen them all.
        if (state === null) return false;
        take(state.tally);
      }
    }
    return true;
  },
  clear: async ({ identity, clusterVersion }) => {
    const old = (await keysUnder(bucket, prefixOf(identity))).filter(
      (key) => Number(key.slice(prefixOf(identity).length).split("/")[0]) <= clusterVersion,
    );
    if (old.length > 0) await bucket.delete(old);
  },
});
