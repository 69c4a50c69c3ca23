import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../errors.ts";
import { hashParts } from "../ids.ts";
import {
  expectedHash,
  findModel,
  type ImageTower,
  knownModel,
  type ModelEntry,
  type ModelFile,
  readLock,
} from "./manifest.ts";

export type ModelLocation = { readonly modelsDir: string; readonly model: string };

/** A model whose files were found to be those of the manifest. */
export type VerifiedModel = {
  readonly entry: ModelEntry;
  /** Absolute path of one of its files. */
  readonly path: (file: string) => string;
  /** sha256 in hex of each verified file, by its path in the manifest. */
  readonly hashes: ReadonlyMap<string, string>;
};

export const modelFilePath = (modelsDir: string, entry: ModelEntry, file: string): string =>
  join(modelsDir, entry.name, file);

/** sha256 in hex: about 40 ms for the bundled model. One buffer for the whole file keeps memory flat. */
export const sha256File = async (path: string): Promise<string> => {
  const digest = createHash("sha256");
  const buffer = Buffer.allocUnsafe(1 << 20);
  const file = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return digest.digest("hex");
      digest.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
};

const getIt = (entry: ModelEntry): string =>
  entry.bundled
    ? `restore it with \`git checkout -- models/${entry.name}\``
    : `run \`npm run models -- pull ${entry.name}\``;

export const missingFile = (entry: ModelEntry, path: string): AppError =>
  new AppError("MODEL_MISSING", `model ${entry.name}: ${path} is not here; ${getIt(entry)}`);

export const wrongHash = (entry: ModelEntry, path: string, expected: string, got: string): AppError =>
  new AppError(
    "MODEL_HASH_MISMATCH",
    `model ${entry.name}: ${path} is not the file in the manifest; expected sha256 ${expected}, got ${got}; delete it, then ${getIt(entry)}`,
  );

const verifyFile = async (
  modelsDir: string,
  entry: ModelEntry,
  file: ModelFile,
  expected: string | null,
): Promise<readonly [string, string]> => {
  const path = modelFilePath(modelsDir, entry, file.path);
  if (!existsSync(path)) throw missingFile(entry, path);
  const got = await sha256File(path);
  if (expected !== null && got !== expected) throw wrongHash(entry, path, expected, got);
  return [file.path, got];
};

/**
 * Finds a model's files and checks their hashes against the manifest, or the lock where the manifest has none.
 * @param only which files (paths in the manifest); all of them by default
 * @throws AppError `MODEL_MISSING`, `MODEL_HASH_MISMATCH`
 */
export const verifyModel = async (
  { modelsDir, model }: ModelLocation,
  only?: readonly string[],
): Promise<VerifiedModel> => {
  const entry = findModel(modelsDir, model);
  const lock = readLock(modelsDir);
  const wanted = entry.files.filter((file) => only === undefined || only.includes(file.path));
  const hashes = new Map(
    await Promise.all(
      wanted.map((file) => verifyFile(modelsDir, entry, file, expectedHash(entry, file, lock))),
    ),
  );
  return { entry, path: (file) => modelFilePath(modelsDir, entry, file), hashes };
};

/** Everything that shapes a text's vector. 32 hex characters. */
const identityOf = (entry: ModelEntry, hashes: ReadonlyMap<string, string>): string =>
  hashParts(
    "embedding",
    ...entry.files
      .filter((file) => file.path !== entry.image?.graph)
      .map((file) => `${file.path}=${hashes.get(file.path) ?? ""}`)
      .sort(),
    entry.prefixes.query,
    entry.prefixes.passage,
    entry.dimension,
    entry.maxTokens,
    entry.output,
    entry.pooling,
    String(entry.normalise),
  );

/** Raised whenever the same picture would be given to the model in another way. */
const pictureVersion = 1;

/** Everything that shapes the vectors of a pair of towers, its pictures' and its texts'. 32 hex characters. */
const pairIdentity = (entry: ModelEntry, image: ImageTower, hashes: ReadonlyMap<string, string>): string =>
  hashParts(
    "image embedding",
    identityOf(entry, hashes),
    hashes.get(image.graph) ?? "",
    image.output,
    image.size,
    ...image.mean,
    ...image.std,
    pictureVersion,
  );

export const verifiedIdentity = (model: VerifiedModel): string => identityOf(model.entry, model.hashes);

/** What a collection must know of the model that fills it. */
export type EmbeddingIdentity = {
  readonly model: string;
  readonly identity: string;
  readonly dimension: number;
};

/**
 * The identity by the manifest and lock alone, for functions that name collections but never embed: it reads no
 * weights, and equals `Embedder.identity`. Only files without any known hash are read.
 * @throws AppError `MODEL_MISSING`
 */
export const embeddingIdentity = async (location: ModelLocation): Promise<EmbeddingIdentity> => {
  const entry = findModel(location.modelsDir, location.model);
  const hashes = await knownHashes(location.modelsDir, entry);
  return { model: entry.name, identity: identityOf(entry, hashes), dimension: entry.dimension };
};

const knownHashes = async (modelsDir: string, entry: ModelEntry): Promise<ReadonlyMap<string, string>> => {
  const lock = readLock(modelsDir);
  const hashes = new Map<string, string>();
  for (const file of entry.files) {
    const path = modelFilePath(modelsDir, entry, file.path);
    const known = expectedHash(entry, file, lock);
    if (known === null && !existsSync(path)) throw missingFile(entry, path);
    hashes.set(file.path, known ?? (await sha256File(path)));
  }
  return hashes;
};

/** What is known of an image model without its weights; `side`: of the square picture it takes, in pixels. */
export type ImageIdentity = EmbeddingIdentity & { readonly side: number };

/** @throws AppError `MODEL_MISSING` when the model has no tower for pictures */
export const imageTower = (entry: ModelEntry): ImageTower => {
  if (entry.image) return entry.image;
  throw new AppError("MODEL_MISSING", `${entry.name} takes no pictures: it is of kind ${entry.kind}`);
};

/**
 * As `embeddingIdentity`, of a model for pictures and texts.
 * @throws AppError `MODEL_MISSING`
 */
export const imageIdentity = async (location: ModelLocation): Promise<ImageIdentity> => {
  const entry = findModel(location.modelsDir, location.model);
  const tower = imageTower(entry);
  const hashes = await knownHashes(location.modelsDir, entry);
  return {
    model: entry.name,
    identity: pairIdentity(entry, tower, hashes),
    dimension: entry.dimension,
    side: tower.size,
  };
};

/** Whether all files of a model lie here; a model that the manifest does not know is not here. */
export const modelIsHere = ({ modelsDir, model }: ModelLocation): boolean => {
  const entry = knownModel(modelsDir, model);
  return entry?.files.every(({ path }) => existsSync(modelFilePath(modelsDir, entry, path))) ?? false;
};
