import { existsSync } from "node:fs";
import { rename, stat, writeFile } from "node:fs/promises";
import { download } from "./download.ts";
import {
  expectedHash,
  findModel,
  type Lock,
  lockPath,
  type ModelEntry,
  type ModelFile,
  readLock,
  readManifest,
} from "./manifest.ts";
import { missingFile, modelFilePath, sha256File, wrongHash } from "./model-files.ts";

export const defaultHub = "https://huggingface.co";

export type PullEvent =
  | { readonly type: "progress"; readonly file: string; readonly done: number; readonly total: number | null }
  | { readonly type: "finished"; readonly file: string; readonly outcome: PulledFile };

/** `locked`: the manifest has no hash for it, so the one it has now is the one that later pulls must match. */
export type PulledFile = {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly how: "downloaded" | "was here";
  readonly locked: boolean;
};

export type PullOptions = {
  readonly modelsDir: string;
  readonly model: string;
  /** Base URL that `{hub}` in the manifest stands for. */
  readonly hub: string;
  readonly signal: AbortSignal;
  readonly onEvent: (event: PullEvent) => void;
  readonly idleTimeoutMs?: number;
};

const lockFile = async (
  modelsDir: string,
  entry: ModelEntry,
  path: string,
  locked: Lock["models"][string][string],
) => {
  const lock = readLock(modelsDir);
  const models = { ...lock.models, [entry.name]: { ...lock.models[entry.name], [path]: locked } };
  const sorted = Object.fromEntries(Object.entries(models).sort(([a], [b]) => (a < b ? -1 : 1)));
  const target = lockPath(modelsDir);
  await writeFile(`${target}.part`, `${JSON.stringify({ version: 1, models: sorted }, null, 2)}\n`);
  await rename(`${target}.part`, target);
};

/** The file as it lies there, if it may stay: any hash will do while none is known. */
const present = async (path: string, expected: string | null) => {
  if (!existsSync(path)) return null;
  const sha256 = await sha256File(path);
  return expected === null || sha256 === expected ? { sha256, bytes: (await stat(path)).size } : null;
};

const fetchFile = async (
  options: PullOptions,
  entry: ModelEntry,
  file: ModelFile,
  expected: string | null,
) => {
  const path = modelFilePath(options.modelsDir, entry, file.path);
  if (file.url === undefined) throw missingFile(entry, path);
  return download({
    url: file.url.replace("{hub}", options.hub.replace(/\/+$/, "")),
    path,
    bytes: file.bytes,
    signal: options.signal,
    idleTimeoutMs: options.idleTimeoutMs ?? 30_000,
    onProgress: (done, total) => options.onEvent({ type: "progress", file: file.path, done, total }),
    accept: (got) => {
      if (expected !== null && got !== expected) throw wrongHash(entry, path, expected, got);
    },
  });
};

const pullFile = async (options: PullOptions, entry: ModelEntry, file: ModelFile): Promise<PulledFile> => {
  const { modelsDir } = options;
  const expected = expectedHash(entry, file, readLock(modelsDir));
  const here = await present(modelFilePath(modelsDir, entry, file.path), expected);
  const { sha256, bytes } = here ?? (await fetchFile(options, entry, file, expected));
  const locked = file.sha256 === null;
  if (locked && expected === null)
    await lockFile(modelsDir, entry, file.path, { sha256, bytes, url: file.url ?? "" });
  return { path: file.path, bytes, sha256, how: here ? "was here" : "downloaded", locked };
};

/**
 * Makes a model's files be here, whole and with the right hashes. Where neither manifest nor lock has a hash, the one
 * that came is written to models/manifest.lock.json, and every later pull and load must match it.
 * @throws AppError `MODEL_MISSING`, `MODEL_HASH_MISMATCH`; AbortError. What has arrived stays for the next pull.
 */
export const pullModel = async (options: PullOptions): Promise<readonly PulledFile[]> => {
  const entry = findModel(options.modelsDir, options.model);
  const pulled: PulledFile[] = [];
  for (const file of entry.files) {
    options.signal.throwIfAborted();
    const outcome = await pullFile(options, entry, file);
    options.onEvent({ type: "finished", file: file.path, outcome });
    pulled.push(outcome);
  }
  return pulled;
};

export type ModelState = {
  readonly name: string;
  readonly kind: ModelEntry["kind"];
  readonly dimension: number;
  readonly maxTokens: number;
  readonly licence: string;
  readonly bundled: boolean;
  /** "here": all files lie there, their hashes were not looked at. */
  readonly state: "here" | "partly here" | "not here";
  readonly bytes: number;
};

const stateOf = async (modelsDir: string, entry: ModelEntry): Promise<ModelState> => {
  const sizes = await Promise.all(
    entry.files.map(async ({ path }) => {
      const at = modelFilePath(modelsDir, entry, path);
      return existsSync(at) ? (await stat(at)).size : null;
    }),
  );
  const here = sizes.filter((size) => size !== null);
  const { name, kind, dimension, maxTokens, licence, bundled } = entry;
  const some = here.length > 0 ? "partly here" : "not here";
  return {
    name,
    kind,
    dimension,
    maxTokens,
    licence,
    bundled,
    state: here.length === sizes.length ? "here" : some,
    bytes: here.reduce((sum, size) => sum + size, 0),
  };
};

/** Every model of the manifest, and whether its files are here. */
export const listModels = (modelsDir: string): Promise<readonly ModelState[]> =>
  Promise.all(readManifest(modelsDir).models.map((entry) => stateOf(modelsDir, entry)));

export type Verified = {
  readonly model: string;
  readonly path: string;
  readonly ok: boolean;
  readonly message: string;
};

/** Hashes every file of a model; says of each what is wrong with it. */
export const verifyFiles = async (modelsDir: string, model: string): Promise<readonly Verified[]> => {
  const entry = findModel(modelsDir, model);
  const lock = readLock(modelsDir);
  const verified: Verified[] = [];
  for (const file of entry.files) {
    const path = modelFilePath(modelsDir, entry, file.path);
    const expected = expectedHash(entry, file, lock);
    const found = (ok: boolean, message: string) => verified.push({ model, path: file.path, ok, message });
    if (!existsSync(path)) {
      found(false, missingFile(entry, path).message);
      continue;
    }
    const got = await sha256File(path);
    if (expected === null) found(false, `no hash is known yet; pull locks the one it has: ${got}`);
    else if (got === expected) found(true, got);
    else found(false, wrongHash(entry, path, expected, got).message);
  }
  return verified;
};
