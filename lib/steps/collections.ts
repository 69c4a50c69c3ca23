import { AppError } from "../errors.ts";
import { type CollectionSpec, collectionNames, type VectorStore } from "../store/store.ts";

/** What a collection is made for. */
export type Embedding = {
  /** Of weights, tokenizer, prefix and dimension. */
  readonly identity: string;
  readonly model: string;
  readonly dimension: number;
};

/** The aliases that search reads. */
export const aliasNames = (base: string): { readonly main: string; readonly low: string } => ({
  main: base,
  low: `${base}_low`,
});

/** Is the collection one of ours, of whatever embedding identity? A database may hold others. */
export const isOurs = (
  base: string,
  { name, identity }: Pick<CollectionSpec, "name" | "identity">,
): boolean => {
  const { main, low } = collectionNames(base, identity);
  return name === main || name === low;
};

type Names = ReturnType<typeof collectionNames>;

/** Creates the collections of an embedding and, where search has nothing to read yet, points the aliases at them. */
export const ensureCollections = async (
  store: Pick<VectorStore, "ensure" | "resolve" | "setAlias">,
  base: string,
  embedding: Embedding,
): Promise<Names> => {
  const names = collectionNames(base, embedding.identity);
  const aliases = aliasNames(base);
  for (const part of ["main", "low"] as const) {
    await store.ensure({ ...embedding, name: names[part] });
    if ((await store.resolve(aliases[part])) === null) await store.setAlias(aliases[part], names[part]);
  }
  return names;
};

/**
 * Runs `work` on collections that exist, asking the store about them once a process. A collection that is gone since
 * then (dropped, restored from a backup) is made again, once.
 */
export const withCollections = (
  store: Pick<VectorStore, "ensure" | "resolve" | "setAlias">,
  base: string,
) => {
  const ensured = new Map<string, Names>();
  return async <T>(embedding: Embedding, work: (names: Names) => Promise<T>): Promise<T> => {
    const known = ensured.get(embedding.identity);
    const ensureAndWork = async () => {
      const names = await ensureCollections(store, base, embedding);
      ensured.set(embedding.identity, names);
      return work(names);
    };
    if (known === undefined) return ensureAndWork();
    try {
      return await work(known);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "STORE_REFUSED") throw error;
      return ensureAndWork();
    }
  };
};
