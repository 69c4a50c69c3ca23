import { AppError } from "../errors.ts";
import { type CollectionSpec, collectionNames, imagesName, type VectorStore } from "../store/store.ts";

/** What a collection is made for. */
export type Embedding = {
  /** Of weights, tokenizer, prefix and dimension. */
  readonly identity: string;
  readonly model: string;
  readonly dimension: number;
};

/** The aliases that search reads. */
export const aliasNames = (base: string): Names & { readonly images: string } => ({
  main: base,
  low: `${base}_low`,
  images: `${base}_images`,
});

type Named = Pick<CollectionSpec, "name" | "identity">;

/** Does the collection hold pictures of ours, of whatever image model? */
export const holdsImages = (base: string, { name, identity }: Named): boolean =>
  name === imagesName(base, identity);

/** Does it hold texts of ours, of whatever embedding identity? */
export const holdsTexts = (base: string, { name, identity }: Named): boolean => {
  const { main, low } = collectionNames(base, identity);
  return name === main || name === low;
};

/** Is the collection one of ours? A database may hold others. */
export const isOurs = (base: string, spec: Named): boolean =>
  holdsTexts(base, spec) || holdsImages(base, spec);

type Names = ReturnType<typeof collectionNames>;

type EnsureStore = Pick<VectorStore, "ensure" | "resolve" | "setAlias">;

/** Creates a collection and, where search has nothing to read yet, points the alias at it. */
const ensureNamed = async (store: EnsureStore, name: string, alias: string, embedding: Embedding) => {
  const { identity, model, dimension } = embedding;
  await store.ensure({ name, identity, model, dimension });
  if ((await store.resolve(alias)) === null) await store.setAlias(alias, name);
};

/** Creates the collections of an embedding and, where search has nothing to read yet, points the aliases at them. */
export const ensureCollections = async (
  store: EnsureStore,
  base: string,
  embedding: Embedding,
): Promise<Names> => {
  const names = collectionNames(base, embedding.identity);
  const aliases = aliasNames(base);
  for (const part of ["main", "low"] as const)
    await ensureNamed(store, names[part], aliases[part], embedding);
  return names;
};

/** The same for pictures, which have one collection. */
export const ensureImages = async (
  store: EnsureStore,
  base: string,
  embedding: Embedding,
): Promise<string> => {
  const name = imagesName(base, embedding.identity);
  await ensureNamed(store, name, aliasNames(base).images, embedding);
  return name;
};

/** Where the rows of a batch go; pictures are never of low quality. */
const ensureTarget = async (
  store: EnsureStore,
  base: string,
  embedding: Embedding,
  target: Target,
): Promise<Names> => {
  if (target !== "images") return ensureCollections(store, base, embedding);
  const images = await ensureImages(store, base, embedding);
  return { main: images, low: images };
};

/** What a batch holds. */
export type Target = "images" | undefined;

/**
 * Runs `work` on collections that exist, asking the store about them once a process. A collection that is gone since
 * then (dropped, restored from a backup) is made again, once.
 */
export const withCollections = (store: EnsureStore, base: string) => {
  const ensured = new Map<string, Names>();
  return async <T>(embedding: Embedding, target: Target, work: (names: Names) => Promise<T>): Promise<T> => {
    const known = ensured.get(embedding.identity);
    const ensureAndWork = async () => {
      const names = await ensureTarget(store, base, embedding, target);
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
