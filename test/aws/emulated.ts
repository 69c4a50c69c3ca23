import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutObjectTaggingCommand, type S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, vi } from "vitest";
import type { Tags } from "../../lib/aws/bucket.ts";
import { type Emulator, startEmulator } from "../../localstack/emulator/emulator.ts";

/** Other tags for an object, as anybody may give it beside Kettle. */
export const retag = async (client: S3Client, Bucket: string, Key: string, tags: Tags): Promise<void> => {
  const TagSet = Object.entries(tags).map(([name, value]) => ({ Key: name, Value: value }));
  await client.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet } }));
};

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
