import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fetchPackage } from "./fetch-package.ts";
import { type Target, type UnbundledPackage, unbundledPackages } from "./unbundled.ts";

type Copying = { readonly root: string; readonly folder: string; readonly target: Target };

export const copy = async (
  from: string,
  to: string,
  filter: (path: string) => boolean = () => true,
): Promise<void> => {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { recursive: true, dereference: true, filter });
};

/** By Node's own search path, since a package's `exports` may hide its package.json; null where it is not installed. */
export const findPackage = (name: string, from: string): string | null =>
  (createRequire(from).resolve.paths(name) ?? [])
    .map((place) => join(place, name))
    .find((folder) => existsSync(join(folder, "package.json"))) ?? null;

/** @throws Error when it is not installed */
export const packageFolder = (name: string, from: string): string => {
  const found = findPackage(name, from);
  if (found === null) throw new Error(`${name} is not installed: run npm ci`);
  return found;
};

/** Declarations, maps, texts and tests are read by people and compilers. A licence stays with what it is for. */
const unread = /\.(d\.[cm]?ts|map|md|markdown)$|[/\\](test|tests|__tests__|docs|examples?)$/i;

/** Names below `folder` that a path with `*` stands for. */
const expand = async (folder: string, path: string): Promise<readonly string[]> => {
  const star = path.split("/").findIndex((part) => part.includes("*"));
  if (star < 0) return [path];
  const parts = path.split("/");
  const above = parts.slice(0, star).join("/");
  const [before = "", after = ""] = (parts[star] ?? "").split("*");
  const names = (await readdir(join(folder, above))).filter(
    (name) => name.startsWith(before) && name.endsWith(after),
  );
  if (names.length === 0) throw new Error(`${folder} holds nothing like ${path}: run npm ci again`);
  const below = parts.slice(star + 1);
  const expanded = names.map((name) => expand(folder, [...(above ? [above] : []), name, ...below].join("/")));
  return (await Promise.all(expanded)).flat();
};

const copyFiles = async (source: string, to: string, files: readonly string[] | null): Promise<void> => {
  if (files === null) {
    // Dependencies of its own folder belong to it only where the table says so.
    await copy(source, to, (path) => !unread.test(path) && basename(path) !== "node_modules");
    return;
  }
  for (const pattern of ["package.json", ...files])
    for (const path of await expand(source, pattern))
      await copy(join(source, path), join(to, path), (each) => !unread.test(each));
};

/** Where a package is; one for another platform, which npm does not install here, is fetched as the lock file has it. */
const sourceOf = async (name: string, from: string, { root }: Copying): Promise<string> =>
  findPackage(name, from) ?? (await fetchPackage(name, root));

const copyOne = async (name: string, from: string, copying: Copying, done: Set<string>): Promise<void> => {
  if (done.has(name)) return;
  done.add(name);
  const { target, folder } = copying;
  const source = await sourceOf(name, from, copying);
  const { files, needs }: Pick<UnbundledPackage, "files" | "needs"> = unbundledPackages[name] ?? {};
  await copyFiles(source, join(folder, "node_modules", name), files?.(target) ?? null);
  for (const needed of needs?.(target) ?? requiredBy(source, name))
    await copyOne(needed, join(source, "package.json"), copying, done);
};

/** Those in the table say what they need; others need what their package.json says. */
const requiredBy = (source: string, name: string): readonly string[] => {
  if (name in unbundledPackages) return [];
  const { dependencies = {} } = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  return Object.keys(dependencies);
};

/**
 * Copies packages, and those that they need, into the node_modules of a bundle.
 * @throws Error for one that is not installed and not in the lock file
 */
export const copyPackages = async (names: readonly string[], copying: Copying): Promise<void> => {
  const done = new Set<string>();
  for (const name of names) await copyOne(name, join(copying.root, "package.json"), copying, done);
};
