import {
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bucket, running } from "./harness.ts";

const Bucket = bucket;

const putAll = async (s3: S3Client, keys: Iterable<string>): Promise<void> => {
  await Promise.all([...keys].map((Key) => s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }))));
};

/** All pages: keys and common prefixes in the order they came. */
const listAll = async (s3: S3Client, options: Omit<ListObjectsV2CommandInput, "Bucket"> = {}) => {
  const keys: string[] = [];
  const prefixes: string[] = [];
  let token: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket, ...options, ...(token ? { ContinuationToken: token } : {}) }),
    );
    const pageKeys = (page.Contents ?? []).map(({ Key }) => Key!);
    const pagePrefixes = (page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!);
    expect(page.KeyCount).toBe(pageKeys.length + pagePrefixes.length);
    expect(page.IsTruncated).toBe(page.NextContinuationToken !== undefined);
    keys.push(...pageKeys);
    prefixes.push(...pagePrefixes);
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return { keys, prefixes };
};

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const key = fc
  .string({
    unit: fc.constantFrom("a", "B", "/", " ", "+", "%", "é", "文", "\uFF5E", "😀", "~", "."),
    maxLength: 8,
    minLength: 1,
  })
  // The HTTP client of the SDK would resolve nothing here, but "/" alone names the bucket.
  .filter((text) => text !== "/");

test("keys come in the order of their UTF-8 bytes, by prefix, in pages without gaps or repeats", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(key, { minLength: 1, maxLength: 25 }),
      fc.constantFrom("", "a", "文", "/", "😀"),
      fc.integer({ min: 1, max: 7 }),
      async (keys, Prefix, MaxKeys) => {
        const { s3, close } = await running();
        await putAll(s3, keys);
        const expected = keys.filter((text) => text.startsWith(Prefix)).sort(byBytes);
        expect(await listAll(s3, { Prefix, MaxKeys })).toEqual({ keys: expected, prefixes: [] });
        const encoded = await listAll(s3, { Prefix, MaxKeys, EncodingType: "url" });
        const decoded = encoded.keys.map((text) => decodeURIComponent(text.replaceAll("+", " ")));
        expect(decoded).toEqual(expected);
        await close();
      },
    ),
    { numRuns: 15 },
  );
});

test("a delimiter rolls keys up into common prefixes, each once over all pages", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(key, { minLength: 1, maxLength: 25 }),
      fc.constantFrom("", "a", "a/"),
      fc.integer({ min: 1, max: 4 }),
      async (keys, Prefix, MaxKeys) => {
        const { s3, close } = await running();
        await putAll(s3, keys);
        const under = keys.filter((text) => text.startsWith(Prefix)).sort(byBytes);
        const rolled = under.map((text) => {
          const end = text.indexOf("/", Prefix.length);
          return end < 0 ? text : text.slice(0, end + 1);
        });
        const isPrefix = (text: string, index: number): boolean =>
          text !== under[index] || text.indexOf("/", Prefix.length) === text.length - 1;
        const expected = {
          keys: rolled.filter((text, index) => !isPrefix(text, index)),
          prefixes: [...new Set(rolled.filter(isPrefix))],
        };
        expect(await listAll(s3, { Prefix, MaxKeys, Delimiter: "/" })).toEqual(expected);
        await close();
      },
    ),
    { numRuns: 15 },
  );
});

test("a page holds at most 1,000 keys", async () => {
  const { s3 } = await running();
  const keys = Array.from({ length: 1003 }, (_, index) => `key-${String(index).padStart(4, "0")}`);
  await putAll(s3, keys);
  const page = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 5000 }));
  expect(page.Contents).toHaveLength(1000);
  expect(page.IsTruncated).toBe(true);
  expect((await listAll(s3)).keys).toEqual(keys);
  expect((await listAll(s3, { StartAfter: "key-1000" })).keys).toEqual(["key-1001", "key-1002"]);
  const none = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 0 }));
  expect(none).toMatchObject({ KeyCount: 0, IsTruncated: false });
});

test("a listing gives sizes, ETags and times, and the older call pages by marker", async () => {
  const { s3 } = await running();
  await putAll(s3, ["a", "b", "c"]);
  const first = await s3.send(new ListObjectsCommand({ Bucket, MaxKeys: 2 }));
  expect(first.Contents!.map(({ Key }) => Key)).toEqual(["a", "b"]);
  const second = await s3.send(new ListObjectsCommand({ Bucket, Marker: first.NextMarker }));
  expect(second.Contents).toMatchObject([{ Key: "c", Size: 1, ETag: '"4a8a08f09d37b73795649038408b5f33"' }]);
  expect(Math.abs(second.Contents![0]!.LastModified!.getTime() - Date.now())).toBeLessThan(60_000);
});
