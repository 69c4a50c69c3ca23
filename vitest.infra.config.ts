import { defineConfig } from "vitest/config";

/** Templates by the `cdk` command, Kubernetes objects against strict schemas; `npm run test:infra` runs this. */
export default defineConfig({
  test: {
    include: ["test/infra/whole/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 120_000,
    reporters: ["default", "json"],
    outputFile: { json: ".cache/infra.json" },
  },
});
