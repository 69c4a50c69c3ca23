import { testBucket } from "../contract/bucket.ts";
import { memoryBucket } from "../contract/memory-bucket.ts";

const bucket = memoryBucket("memory");

testBucket("the bucket in memory", async () => bucket, {
  retag: async (_, key, tags) => bucket.retag(key, tags),
});
