import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Suites of their own, which install and start what they need: npm run test:localstack, test:milvus, test:infra.
    exclude: [...configDefaults.exclude, "test/localstack/**", "test/milvus/**", "test/infra/whole/**"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: process.env.CI ? ["default", "json"] : ["default"],
    outputFile: { json: ".cache/vitest.json" },
  },
});
