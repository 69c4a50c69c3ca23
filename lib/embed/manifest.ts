import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { AppError } from "../errors.ts";

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const fileName = z.string().regex(/^[\w.-]+(\/[\w.-]+)*$/, "a relative path below the model's folder");

const modelFile = z.strictObject({
  /** Below `models/<name>/`. */
  path: fileName.refine((path) => !path.split("/").includes(".."), "must not leave the model's folder"),
  /** `{hub}` stands for KETTLE_MODEL_HUB; a file without a URL cannot be pulled. */
  url: z.string().startsWith("{hub}/").optional(),
  /** null: nobody has verified it yet; `models pull` then locks the one it gets. */
  sha256: hash.nullable(),
  bytes: z.int().positive().optional(),
});
export type ModelFile = z.infer<typeof modelFile>;

const imageTower = z.strictObject({
  graph: fileName,
  input: z.string().min(1),
  output: z.string().min(1),
  /** Side of the square picture in pixels. */
  size: z.int().positive(),
  mean: z.tuple([z.number(), z.number(), z.number()]),
  std: z.tuple([z.number(), z.number(), z.number()]),
});
export type ImageTower = z.infer<typeof imageTower>;

const model = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
    /** A shorter name that people may call it by. */
    alias: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]*$/)
      .optional(),
    kind: z.enum(["text", "image-text", "cross-encoder"]),
    files: z.array(modelFile).min(1),
    /** The ONNX file that takes token ids. */
    graph: fileName,
    tokenizer: fileName.default("tokenizer.json"),
    /** Inputs that the graph may ask for; it is fed those that it has. */
    inputs: z.array(z.enum(["input_ids", "attention_mask", "token_type_ids"])).min(1),
    output: z.string().min(1),
    pooling: z.enum(["none", "mean", "cls"]),
    /** Scale the pooled vector to unit length. */
    normalise: z.boolean(),
    dimension: z.int().positive(),
    /** Window in tokens, special tokens and prefix included. */
    maxTokens: z.int().min(4),
    prefixes: z.strictObject({ query: z.string(), passage: z.string() }),
    image: imageTower.optional(),
    licence: z.string().min(1),
    source: z.string().min(1),
    bundled: z.boolean().default(false),
  })
  .check((ctx) => {
    const { files, graph, tokenizer, image, kind } = ctx.value;
    const named = [graph, tokenizer, ...(image ? [image.graph] : [])];
    for (const path of named)
      if (!files.some((file) => file.path === path))
        ctx.issues.push({ code: "custom", message: `files lack ${path}`, input: ctx.value });
    if ((kind === "image-text") !== (image !== undefined))
      ctx.issues.push({
        code: "custom",
        message: "`image` belongs to kind image-text, and only there",
        input: ctx.value,
      });
  });
export type ModelEntry = z.infer<typeof model>;

export const manifestSchema = z.strictObject({ version: z.literal(1), models: z.array(model).min(1) });
export type Manifest = z.infer<typeof manifestSchema>;

const lockedFile = z.strictObject({ sha256: hash, bytes: z.int().nonnegative(), url: z.string() });
const lockSchema = z.strictObject({
  version: z.literal(1),
  models: z.record(z.string(), z.record(z.string(), lockedFile)),
});
export type Lock = z.infer<typeof lockSchema>;

export const manifestPath = (modelsDir: string): string => join(modelsDir, "manifest.json");
export const lockPath = (modelsDir: string): string => join(modelsDir, "manifest.lock.json");

const readJson = <T>(path: string, schema: z.ZodType<T>): T => {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new AppError("MODEL_MISSING", `${path} cannot be read: ${String(error)}`, { cause: error });
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) throw new AppError("MODEL_MISSING", `${path}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
};

/** @throws AppError `MODEL_MISSING` when there is no readable manifest. */
export const readManifest = (modelsDir: string): Manifest =>
  readJson(manifestPath(modelsDir), manifestSchema);

/** Hashes that earlier pulls got for files whose manifest entry has none; empty where there is no lock file. */
export const readLock = (modelsDir: string): Lock =>
  existsSync(lockPath(modelsDir)) ? readJson(lockPath(modelsDir), lockSchema) : { version: 1, models: {} };

/** A model by its name or alias. */
export const knownModel = (modelsDir: string, name: string): ModelEntry | undefined =>
  readManifest(modelsDir).models.find((candidate) => candidate.name === name || candidate.alias === name);

/** @throws AppError `MODEL_MISSING` that names the models there are. */
export const findModel = (modelsDir: string, name: string): ModelEntry => {
  const entry = knownModel(modelsDir, name);
  if (entry) return entry;
  const { models } = readManifest(modelsDir);
  throw new AppError(
    "MODEL_MISSING",
    `no model ${name} in ${manifestPath(modelsDir)}; there are ${models.map((m) => m.name).join(", ")}`,
  );
};

/** What a file must hash to: by the manifest, else by the lock; null when neither knows. */
export const expectedHash = (entry: ModelEntry, file: ModelFile, lock: Lock): string | null =>
  file.sha256 ?? lock.models[entry.name]?.[file.path]?.sha256 ?? null;
