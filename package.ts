import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { maxUnzippedBytes } from "./packaging/bundle.ts";
import { sizesFile } from "./packaging/package-functions.ts";

/** `npm run package [-- --stage S]`: bundles the functions without credentials and prints how large each is. */
const root = import.meta.dirname;
const serverless = join(root, "node_modules/serverless/bin/serverless.js");
const { status } = spawnSync(process.execPath, [serverless, "package", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);

const sizes: Record<string, number> = JSON.parse(readFileSync(join(root, sizesFile), "utf8"));
console.log(
  `\nUnzipped size of each function (Lambda takes ${maxUnzippedBytes.toLocaleString("en")} bytes):`,
);
for (const [name, bytes] of Object.entries(sizes))
  console.log(`  ${name.padEnd(10)} ${bytes.toLocaleString("en").padStart(12)}`);
