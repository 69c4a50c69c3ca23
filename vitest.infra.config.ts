import { defineConfig } from "vitest/config";

/** Kubernetes objects against strict schemas; `npm run test:infra` installs what that needs and runs this. */
export default defineConfig({
  test: {
    include: ["test/infra/kubernetes/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ["default", "json"],
    outputFile: { json: ".cache/infra.json" },
  },
});
