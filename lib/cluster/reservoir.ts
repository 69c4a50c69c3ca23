import { seededRandom } from "./random.ts";

export type Sample = {
  /** Ids of the rows drawn. */
  readonly ids: readonly string[];
  /** `[ids.length, d]` */
  readonly vectors: Float32Array;
  /** Rows that were seen. */
  readonly rows: number;
};

/**
 * A uniform sample of at most `size` of a stream of unknown length, in one pass (Vitter 1985, algorithm R). The same
 * rows in the same order and the same seed give the same sample; memory grows with what is held, not with `size`.
 */
export const reservoir = (size: number, d: number, seed: number) => {
  const random = seededRandom(seed);
  const ids: string[] = [];
  const held: Float32Array[] = [];
  let rows = 0;
  return {
    add: (id: string, vector: Float32Array): void => {
      const slot = rows < size ? rows : Math.floor(random() * (rows + 1));
      rows++;
      if (slot >= size) return;
      ids[slot] = id;
      held[slot] = vector;
    },
    take: (): Sample => {
      const vectors = new Float32Array(held.length * d);
      for (const [row, vector] of held.entries()) vectors.set(vector, row * d);
      return { ids, vectors, rows };
    },
  };
};
