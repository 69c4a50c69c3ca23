import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

type Locked = { readonly version: string; readonly integrity: string };

/** As package-lock.json has it; a platform's package is there whether npm installed it here or not. */
const lockedPackage = (name: string, root: string): Locked => {
  const { packages = {} } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const locked = packages[`node_modules/${name}`];
  if (typeof locked?.version !== "string" || typeof locked.integrity !== "string")
    throw new Error(`${name} is neither installed nor in package-lock.json; packaging/unbundled.ts names it`);
  return locked;
};

const check = async (file: string, { version, integrity }: Locked, name: string): Promise<void> => {
  const [algorithm = "sha512"] = integrity.split("-");
  const got = `${algorithm}-${createHash(algorithm)
    .update(await readFile(file))
    .digest("base64")}`;
  if (got !== integrity)
    throw new Error(`${name}@${version}: expected ${integrity} by package-lock.json, got ${got}`);
};

/**
 * The folder of a package for another platform than this one, from the registry that npm uses, unpacked below .cache/
 * and kept there. Its bytes must be those of package-lock.json.
 */
export const fetchPackage = async (name: string, root: string): Promise<string> => {
  const locked = lockedPackage(name, root);
  const folder = join(root, ".cache/packages", `${name.replace("/", "+")}-${locked.version}`);
  if (existsSync(join(folder, "package.json"))) return folder;
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  const run = promisify(execFile);
  const { stdout } = await run(
    "npm",
    ["pack", `${name}@${locked.version}`, "--pack-destination", part, "--json", "--ignore-scripts"],
    { cwd: root },
  ).catch((error: unknown) => {
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${name}@${locked.version}, for another platform, cannot be fetched from npm's registry: ${said}`,
    );
  });
  const packed = JSON.parse(stdout);
  const file = join(part, packed[0].filename);
  await check(file, locked, name);
  await run("tar", ["-xzf", file, "-C", part, "--strip-components=1"]);
  await rm(file);
  await rename(part, folder);
  return folder;
};
