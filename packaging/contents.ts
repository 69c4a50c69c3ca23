import { existsSync } from "node:fs";
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Config } from "../lib/config/schema.ts";
import { findModel, lockPath, manifestPath } from "../lib/embed/manifest.ts";
import type { FunctionName } from "./sizing.ts";

/** What Lambda runs on; native files of other platforms stay out. */
export type Target = { readonly platform: "linux"; readonly arch: "arm64" | "x64" };

/** Packages that cannot be bundled: native code, or workers that they start by file name. */
const never = ["onnxruntime-node", "piscina"];

/** What is left to be imported at run time; only parse ever reads a PDF, and its library is large. */
export const unbundled = (name: FunctionName): string[] =>
  name === "parse" ? never : [...never, "pdf-parse"];

/** How much of the model a function needs: all of it, what counts tokens, or what names collections. */
const modelParts: Readonly<Record<FunctionName, "weights" | "tokenizer" | "manifest" | "nothing">> = {
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

export const embeds = (name: FunctionName): boolean => modelParts[name] === "weights";

type Packing = {
  readonly root: string;
  readonly folder: string;
  readonly config: Config;
  readonly target: Target;
};

const copy = async (from: string, to: string): Promise<void> => {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { recursive: true, dereference: true });
};

/** By Node's own search path: a package's `exports` may hide its package.json. */
const packageFolder = (name: string, from: string): string => {
  const places = createRequire(from).resolve.paths(name) ?? [];
  const found = places
    .map((place) => join(place, name))
    .find((folder) => existsSync(join(folder, "package.json")));
  if (found === undefined) throw new Error(`${name} is not installed: run npm ci`);
  return found;
};

/** `paths` of a package, into the node_modules of the bundle. */
const copyPackage = async (packing: Packing, name: string, source: string, paths: readonly string[]) => {
  for (const path of ["package.json", ...paths])
    await copy(join(source, path), join(packing.folder, "node_modules", name, path));
};

const copyUnbundled = async (packing: Packing): Promise<void> => {
  const here = join(packing.root, "package.json");
  const { platform, arch } = packing.target;
  const runtime = packageFolder("onnxruntime-node", here);
  const [napi] = (await readdir(join(runtime, "bin"))).filter((name) => name.startsWith("napi-"));
  if (napi === undefined) throw new Error(`${runtime}/bin holds no native files: run npm ci again`);
  await copyPackage(packing, "onnxruntime-node", runtime, ["dist", `bin/${napi}/${platform}/${arch}`]);
  const common = packageFolder("onnxruntime-common", join(runtime, "package.json"));
  await copyPackage(packing, "onnxruntime-common", common, ["dist/cjs"]);
  await copyPackage(packing, "piscina", packageFolder("piscina", here), ["dist"]);
};

const copyModel = async (packing: Packing, part: "weights" | "tokenizer" | "manifest"): Promise<void> => {
  const models = join(packing.root, "models");
  const to = join(packing.folder, "models");
  const entry = findModel(models, packing.config.embedding.model);
  await copy(manifestPath(models), manifestPath(to));
  await copy(lockPath(models), lockPath(to)).catch(() => undefined); // only there once something was pulled
  const files = {
    weights: entry.files.map(({ path }) => path),
    tokenizer: [entry.tokenizer],
    manifest: [],
  }[part];
  for (const path of files) await copy(join(models, entry.name, path), join(to, entry.name, path));
};

/** pdf.js loads these at run time by path; see lib/read/pdf-files.ts. */
const copyPdfFiles = async (packing: Packing): Promise<void> => {
  const parser = createRequire(join(packing.root, "package.json")).resolve("pdf-parse");
  const source = packageFolder("pdfjs-dist", parser);
  for (const path of ["cmaps", "standard_fonts", "legacy/build/pdf.worker.mjs"])
    await copy(join(source, path), join(packing.folder, "functions/pdfjs", path));
};

/** Puts beside the bundled code of one function what it reads at run time. */
export const addContents = async (name: FunctionName, packing: Packing): Promise<void> => {
  await writeFile(join(packing.folder, "kettle.resolved.json"), JSON.stringify(packing.config));
  const part = modelParts[name];
  if (part !== "nothing") await copyModel(packing, part);
  if (part === "weights") await copyUnbundled(packing);
  if (name === "parse") await copyPdfFiles(packing);
  if (name === "api") await copy(join(packing.root, "web"), join(packing.folder, "web"));
};
