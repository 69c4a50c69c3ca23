import type { Bucket, ListedObject } from "./bucket.ts";

/** All objects under a prefix, page by page as they are asked for. */
export const listAll = async function* (bucket: Bucket, prefix: string): AsyncGenerator<ListedObject> {
  let cursor: string | undefined;
  do {
    const page = await bucket.list({ prefix, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.objects;
    cursor = page.cursor;
  } while (cursor !== undefined);
};
