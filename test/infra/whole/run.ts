import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { installKubeconform, missing } from "../../../infra/validate/tools.ts";

/**
 * `npm run test:infra [vitest options]`: the templates as `npm run synth` makes them, and every Kubernetes object against
 * strict schemas. Without Go it says in one line what is left out, and that has not failed.
 */
const root = join(import.meta.dirname, "../../..");
const cache = join(root, ".cache");
mkdirSync(cache, { recursive: true });

const reason = missing();
if (reason !== null) console.log(`Kubernetes objects are not validated: ${reason}`);
const kubeconform = reason === null ? installKubeconform(cache) : null;
const left = kubeconform === null ? ["--exclude", "**/objects.test.ts"] : [];

const { status } = spawnSync(
  process.execPath,
  [
    join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "--config",
    "vitest.infra.config.ts",
    ...left,
    ...process.argv.slice(2),
  ],
  {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, KETTLE_TEST_KUBECONFORM: JSON.stringify(kubeconform) },
  },
);
process.exitCode = status ?? 1;
