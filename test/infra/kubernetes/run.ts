import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installKubeconform, missing } from "../../../infra/validate/tools.ts";

/** `npm run test:infra`: validates every Kubernetes object. Without Go it says so in one line, and nothing has failed. */
const root = join(import.meta.dirname, "../../..");
const cache = join(root, ".cache");
mkdirSync(cache, { recursive: true });

const reason = missing();
if (reason === null) {
  const kubeconform = installKubeconform(cache);
  const { status } = spawnSync(
    process.execPath,
    [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--config",
      "vitest.infra.config.ts",
      ...process.argv.slice(2),
    ],
    {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, KETTLE_TEST_KUBECONFORM: JSON.stringify(kubeconform) },
    },
  );
  process.exitCode = status ?? 1;
} else {
  console.log(`Kubernetes objects are not validated: ${reason}`);
  writeFileSync(
    join(cache, "infra.json"),
    JSON.stringify({ numPassedTests: 0, numFailedTests: 0, testResults: [] }),
  );
}
