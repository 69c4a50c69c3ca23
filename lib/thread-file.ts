import { existsSync } from "node:fs";

/**
 * The code of a thread, which is started by its file: beside a bundle `bundled` (packaging/bundle.ts), in the sources
 * `worker.ts`. Decided by what is there, since a bundler rewrites neither.
 * @param beside `import.meta.url` of who starts it
 */
export const threadFile = (bundled: string, beside: string): URL => {
  const found = new URL(bundled, beside);
  return existsSync(found) ? found : new URL("./worker.ts", beside);
};
