import type { ChunkRow } from "../chunk-row.ts";
import { AppError } from "../errors.ts";
import type { CollectionSpec, SearchRequest } from "./store.ts";

/** What every driver refuses, in the same words. */

const namePattern = /^[A-Za-z0-9_]{1,200}$/;

/** @throws AppError `STORE_REFUSED` */
export const checkName = (name: string): void => {
  if (!namePattern.test(name))
    throw new AppError(
      "STORE_REFUSED",
      `${JSON.stringify(name)} is no collection name: use letters, digits and underscore, at most 200`,
    );
};

export const missingCollection = (name: string): AppError =>
  new AppError(
    "STORE_REFUSED",
    `there is no collection or alias ${JSON.stringify(name)} in the vector store`,
  );

/** A collection of another model is never reused: its vectors mean something else. @throws AppError */
export const checkSameSpec = (existing: CollectionSpec, wanted: CollectionSpec): void => {
  if (existing.identity === wanted.identity && existing.dimension === wanted.dimension) return;
  throw new AppError(
    "EMBEDDING_MISMATCH",
    `collection ${existing.name} holds vectors of ${existing.model} (${existing.dimension} numbers, identity ` +
      `${existing.identity}), not of ${wanted.model} (${wanted.dimension}, ${wanted.identity}): set embedding.model ` +
      "back, or choose another store.collection and reindex",
  );
};

/** @throws AppError `STORE_REFUSED` */
export const checkVector = (vector: Float32Array, spec: CollectionSpec, what: string): void => {
  if (vector.length !== spec.dimension)
    throw new AppError(
      "STORE_REFUSED",
      `${what} has ${vector.length} numbers, collection ${spec.name} takes ${spec.dimension}`,
    );
  if (!vector.every(Number.isFinite))
    throw new AppError("STORE_REFUSED", `${what} holds a value that is not a finite number`);
};

/** Rows to write, the last of equal ids, all of them checked before any is written. @throws AppError `STORE_REFUSED` */
export const checkRows = (rows: readonly ChunkRow[], spec: CollectionSpec): readonly ChunkRow[] => {
  const byId = new Map<string, ChunkRow>();
  for (const row of rows) {
    checkVector(row.vector, spec, `the vector of chunk ${row.id}`);
    byId.set(row.id, row);
  }
  return [...byId.values()];
};

export type CheckedSearch = { readonly vector: Float32Array | null; readonly text: string | null };

/** The parts of a request that its mode needs; the others are ignored. @throws AppError `STORE_REFUSED` */
export const checkSearch = (request: SearchRequest, spec: CollectionSpec): CheckedSearch => {
  const vector = request.mode === "sparse" ? null : (request.vector ?? missing(request, "vector"));
  const text = request.mode === "dense" ? null : (request.text ?? missing(request, "text"));
  if (vector) checkVector(vector, spec, "the query vector");
  return { vector, text };
};

const missing = (request: SearchRequest, part: string): never => {
  throw new AppError("STORE_REFUSED", `a ${request.mode} search needs ${part}`);
};

/** @throws AppError `STORE_REFUSED` */
export const checkLimit = (limit: number, least: 0 | 1): void => {
  if (!Number.isInteger(limit) || limit < least)
    throw new AppError("STORE_REFUSED", `a limit must be a whole number from ${least}, not ${limit}`);
};

export const aliasTaken = (name: string): AppError =>
  new AppError("STORE_REFUSED", `${name} is the name of an alias: choose another for the collection`);

export const collectionTaken = (name: string): AppError =>
  new AppError("STORE_REFUSED", `${name} is the name of a collection: choose another for the alias`);

export const aliasDropped = (name: string): AppError =>
  new AppError("STORE_REFUSED", `${name} is an alias: drop the collection that it points at by its own name`);
