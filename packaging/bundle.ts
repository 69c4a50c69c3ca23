import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { type BuildOptions, build } from "esbuild";
import type { FunctionName } from "../lib/config/function-names.ts";
import type { Config } from "../lib/config/schema.ts";
import { addContents, embeds } from "./contents.ts";
import { externalIn, type Target } from "./unbundled.ts";
import { writeZip } from "./zip.ts";

/** AWS Lambda quotas: the deployment package unzipped, layers included. */
export const maxUnzippedBytes = 262_144_000;

/** Some dependencies are CommonJS and call `require`, which an ES module does not have. */
const banner =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

export type BundleOptions = {
  /** Of the repository. */
  readonly root: string;
  /** Emptied first; gets one folder and one zip file a function. */
  readonly out: string;
  readonly config: Config;
  readonly target: Target;
};

export type Bundled = {
  readonly name: FunctionName;
  /** Of the unzipped files. */
  readonly folder: string;
  readonly bytes: number;
};

const shared: BuildOptions = {
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node24",
  mainFields: ["module", "main"],
  minify: true,
  keepNames: true,
  banner: { js: banner },
  logLevel: "warning",
};

/** Threads are started by file name, so each is an entry point of its own beside the handler. */
const threads = (name: FunctionName, config: Config): { in: string; out: string }[] => [
  ...(embeds(name, config) ? [{ in: "lib/embed/worker.ts", out: "functions/embed-worker" }] : []),
  ...(name === "parse"
    ? [
        { in: "lib/read/worker.ts", out: "functions/read-worker" },
        { in: "lib/read/ocr/worker.ts", out: "functions/ocr-worker" },
      ]
    : []),
];

/** Handler and threads; dynamic imports stay lazy, so that nothing is loaded unasked. */
const bundleCode = async (
  name: FunctionName,
  { root, config }: BundleOptions,
  folder: string,
): Promise<void> => {
  await build({
    ...shared,
    absWorkingDir: root,
    external: externalIn(name),
    outdir: folder,
    entryPoints: [{ in: `functions/${name}.ts`, out: `functions/${name}` }, ...threads(name, config)],
    splitting: true,
    chunkNames: "functions/chunk-[hash]",
    outExtension: { ".js": ".mjs" },
    sourcemap: "linked",
    sourcesContent: false,
  });
};

/** Users' own rerankers, under the names that kettle.yml has for them: JavaScript in a .ts file is TypeScript too. */
const bundleCustom = async (paths: readonly string[], root: string, folder: string): Promise<void> => {
  for (const path of paths)
    await build({ ...shared, absWorkingDir: root, entryPoints: [path], outfile: join(folder, path) });
};

const filesBelow = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));

const sizeOf = async (folder: string, files: readonly string[]): Promise<number> => {
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
};

/** Bundles one function into a folder, as Lambda would unzip it. */
export const bundleFunction = async (name: FunctionName, options: BundleOptions): Promise<Bundled> => {
  const { root, out, config, target } = options;
  const folder = join(out, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await bundleCode(name, options, folder);
  if (name === "search") await bundleCustom(Object.values(config.search.custom), root, folder);
  await addContents(name, { root, folder, config, target });
  return { name, folder, bytes: await sizeOf(folder, await filesBelow(folder)) };
};

/** Zips a bundled function beside its folder. */
export const zipFunction = async ({ folder }: Bundled): Promise<string> => {
  const zip = `${folder}.zip`;
  await writeZip(folder, await filesBelow(folder), zip);
  return zip;
};
