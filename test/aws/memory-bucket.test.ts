import { testBucket } from "../contract/bucket.ts";
import { memoryBucket } from "../contract/memory-bucket.ts";

testBucket("the bucket in memory", async () => memoryBucket("memory"));
