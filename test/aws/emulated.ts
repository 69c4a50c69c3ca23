import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, vi } from "vitest";
import { type Emulator, startEmulator } from "../../localstack/emulator/emulator.ts";

/**
 * The emulator of S3 and SQS for one test file, found by our clients as the functions find it: by AWS_ENDPOINT_URL.
 * Buckets `one`, `two`, `three`; queue `work`, which gives up after two receives, and `work-dlq`.
 */
export const withEmulator = (): void => {
  let emulator: Emulator;
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "kettle-aws-"));
    emulator = await startEmulator({
      port: 0,
      dataDir,
      buckets: ["one", "two", "three"].map((name) => ({ name, notifications: [] })),
      queues: [
        { name: "work-dlq", visibilityTimeout: 30, retentionSeconds: 3600 },
        {
          name: "work",
          visibilityTimeout: 30,
          retentionSeconds: 3600,
          redrive: { dlq: "work-dlq", maxReceiveCount: 2 },
        },
      ],
    });
    vi.stubEnv("AWS_ENDPOINT_URL", emulator.url);
    vi.stubEnv("AWS_ACCESS_KEY_ID", "local");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "local");
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await emulator.close();
    await rm(dataDir, { recursive: true, force: true });
  });
};
