import type { Bucket } from "./bucket.ts";

/** The same bucket, for those who do not want tags: nobody is asked for them, and no object has any. */
export const withoutTags = (bucket: Bucket): Bucket => ({ ...bucket, tags: async () => ({}) });
