import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";

/** The beginning of a file: `<path>.part`, and in `<path>.part.json` of what; only a strong ETag says whether it still is. */
type Origin = { readonly url: string; readonly etag: string };

export const partOf = (path: string): string => `${path}.part`;
const originOf = (path: string): string => `${path}.part.json`;

/** Bytes on disk; 0 when there are none. */
export const partSize = async (path: string): Promise<number> => {
  try {
    return (await stat(partOf(path))).size;
  } catch {
    return 0;
  }
};

/** Where to go on with `url`, and the ETag under which the beginning holds; null when it must start anew. */
export const readPart = async (
  path: string,
  url: string,
): Promise<{ offset: number; etag: string } | null> => {
  try {
    const origin: Origin = JSON.parse(await readFile(originOf(path), "utf8"));
    const size = await partSize(path);
    // One byte again, so that there is always something to ask for, also when only the last rename was missing.
    return origin.url === url && size > 1 ? { offset: size - 1, etag: origin.etag } : null;
  } catch {
    return null;
  }
};

/** Notes what the part file is going to be the beginning of. */
export const rememberOrigin = async (path: string, url: string, etag: string | null): Promise<void> => {
  if (etag === null || etag.startsWith("W/")) return rm(originOf(path), { force: true });
  const origin: Origin = { url, etag };
  await writeFile(originOf(path), JSON.stringify(origin));
};

export const discardPart = async (path: string): Promise<void> => {
  await rm(partOf(path), { force: true });
  await rm(originOf(path), { force: true });
};

/** The part file becomes the file. */
export const completePart = async (path: string): Promise<void> => {
  await rename(partOf(path), path);
  await rm(originOf(path), { force: true });
};
