import { defineConfig } from "vitest/config";

/** `npm run test:localstack`: against a real LocalStack, which global-setup.ts installs and starts. */
export default defineConfig({
  test: {
    include: ["test/localstack/**/*.test.ts"],
    globalSetup: "test/localstack/global-setup.ts",
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 90_000,
    reporters: ["default", "json"],
    outputFile: { json: ".cache/localstack.json" },
  },
});
