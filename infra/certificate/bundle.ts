import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";

/** Bundles the handler as index.mjs, the same bytes for the same sources. The AWS SDK is that of Lambda's runtime. */
export const bundleHandler = (folder: string): void => {
  buildSync({
    absWorkingDir: import.meta.dirname,
    entryPoints: ["handler.ts"],
    outfile: join(folder, "index.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    mainFields: ["module", "main"],
    external: ["@aws-sdk/*"],
    minify: true,
    keepNames: true,
    logLevel: "warning",
  });
};

/** The bundle in a folder that is there while `use` runs. */
export const withBundledHandler = <Used>(use: (folder: string) => Used): Used => {
  const folder = mkdtempSync(join(tmpdir(), "kettle-certificate-"));
  try {
    bundleHandler(folder);
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};
