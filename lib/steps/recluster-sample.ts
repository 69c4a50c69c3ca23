import type { SamplePart } from "../centroids/sample-parts.ts";
import { joinedRows } from "../cluster/vectors.ts";
import type { CollectionSpec } from "../store/store.ts";
import { pageRowsOf, type ReclusterDeps } from "./recluster-deps.ts";

export type RowSample = {
  readonly ids: readonly string[];
  /** `[ids.length, dimension]` */
  readonly vectors: Float32Array;
  /** Rows of the collection. */
  readonly rows: number;
};

type Drawn = { readonly part: SamplePart; readonly done: boolean };

/** At most `most` rows from the cursor on. */
const drawPart = async (
  deps: ReclusterDeps,
  spec: CollectionSpec,
  from: string | null,
  most: number,
  signal: AbortSignal,
): Promise<Drawn> => {
  const ids: string[] = [];
  const vectors: Float32Array[] = [];
  let cursor = from ?? undefined;
  let done = false;
  while (!done && ids.length < most) {
    signal.throwIfAborted();
    const limit = Math.min(pageRowsOf(deps), most - ids.length);
    const page = await deps.store.scanVectors(spec.name, {
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const row of page.rows) {
      ids.push(row.id);
      vectors.push(row.vector);
    }
    cursor = page.cursor;
    done = cursor === undefined;
  }
  return { part: { ids, vectors: joinedRows(vectors), from, to: cursor ?? "" }, done };
};

/**
 * The first `clustering.sample` rows in order of id. Ids are hashes, so these are drawn at random, uniformly and without
 * reading the others; and a collection that changes a little has nearly the same sample (bottom-k sampling, Cohen &
 * Kaplan 2007). Each `keptRows` are kept as they are drawn: a training that was killed goes on behind them.
 */
export const drawSample = async (
  deps: ReclusterDeps,
  spec: CollectionSpec,
  version: number,
  signal: AbortSignal,
): Promise<RowSample> => {
  const { sample } = deps.config.clustering;
  const parts = [...(await deps.samples.read(spec.identity, version, spec.dimension))];
  let size = parts.reduce((sum, { ids }) => sum + ids.length, 0);
  let done = false;
  while (!done && size < sample) {
    const most = Math.min(deps.keptRows ?? 5_000, sample - size);
    const drawn = await drawPart(deps, spec, parts.at(-1)?.to ?? null, most, signal);
    done = drawn.done;
    size += drawn.part.ids.length;
    if (!done && size < sample) await deps.samples.write(spec.identity, version, parts.length, drawn.part);
    parts.push(drawn.part);
  }
  const ids = parts.flatMap((part) => part.ids);
  const vectors = joinedRows(parts.map((part) => part.vectors));
  return { ids, vectors, rows: done ? size : Math.max(size, await deps.store.count(spec.name)) };
};

/** The highest version that a row carries: rows may have outlived the state bucket. */
export const highestLabel = async (
  { store }: ReclusterDeps,
  spec: CollectionSpec,
  from: number,
): Promise<number> => {
  for (let highest = from; ; ) {
    const { rows } = await store.scan(spec.name, {
      filter: { field: "clusterVersion", op: "gt", value: highest },
      limit: 100,
    });
    if (rows.length === 0) return highest;
    highest = Math.max(...rows.map(({ clusterVersion }) => clusterVersion));
  }
};
