import { defineConfig } from "vitest/config";

/** The suites that need a real Milvus; `npm run test:milvus` starts the servers and runs this once for each. */
export default defineConfig({
  test: {
    include: ["**/*.test.ts"],
    pool: "forks",
    // Waiting for the server, not for the processor.
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
