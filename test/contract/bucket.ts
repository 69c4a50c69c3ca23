import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Bucket, Tags } from "../../lib/aws/bucket.ts";
import { listAll } from "../../lib/aws/list-all.ts";
import { readText } from "../../lib/aws/read-body.ts";

/** Characters that have broken object stores: in URLs, in XML, in form encoding, beyond the basic plane. */
const trickyKeys = [
  "a b+c%20d.txt",
  "中文/文件 名.txt",
  "quote'\"&<>?#=;:@,$!*().txt",
  "emoji 🪁.txt",
  "café/cafe\u0301.txt",
  "trailing/",
];

const textOf = async (bucket: Bucket, key: string): Promise<string | null> => {
  const object = await bucket.get(key);
  return object === null ? null : readText(object.body);
};

// U+FF5E sorts after U+1F600 in UTF-16, before it in UTF-8.
const pagedNames = ["a", "a/b", "b", "中", "\uff5e", "\u{1f600}"];

/**
 * What every driver of the `Bucket` port must do. `open` gives an empty bucket.
 * @param options.retag gives an object other tags, beside the driver
 * @param options.names in order of UTF-8, six: for servers that cannot page through all Unicode
 */
export const testBucket = (
  name: string,
  open: () => Promise<Bucket>,
  {
    retag,
    keyRuns = 20,
    names = pagedNames,
  }: {
    readonly retag: (bucket: Bucket, key: string, tags: Tags) => Promise<void>;
    readonly keyRuns?: number;
    readonly names?: readonly string[];
  },
): void => {
  describe(`${name} as a Bucket`, () => {
    let bucket: Bucket;
    beforeAll(async () => {
      bucket = await open();
    });
    afterAll(async () => {
      const keys = (await Array.fromAsync(listAll(bucket, ""))).map(({ key }) => key);
      await bucket.delete(keys);
    });

    it("gives null for what is not there", async () => {
      expect(await bucket.get("nothing")).toBeNull();
      expect(await bucket.head("nothing")).toBeNull();
      expect(await bucket.tags("nothing")).toBeNull();
    });

    it("gives the tags, which change without the object; what is put anew has none", async () => {
      await bucket.put("tagged", "x");
      expect(await bucket.tags("tagged")).toEqual({});
      const before = await bucket.head("tagged");
      const tags = { team: "red", 部门: "研发 一", "cost:center": "7+8=15 @a/b", empty: "" };
      await retag(bucket, "tagged", tags);
      expect(await bucket.tags("tagged")).toEqual(tags);
      expect(await bucket.head("tagged")).toEqual(before);
      await retag(bucket, "tagged", {});
      expect(await bucket.tags("tagged")).toEqual({});
      await retag(bucket, "tagged", { team: "blue" });
      await bucket.put("tagged", "y");
      expect(await bucket.tags("tagged")).toEqual({});
    });

    it("gives back bytes, size, type and a time", async () => {
      const before = Date.now();
      const answer = await bucket.put("bytes", Uint8Array.of(0, 255, 128, 10), { contentType: "image/x" });
      const object = await bucket.get("bytes");
      expect(object).toMatchObject({ key: "bytes", size: 4, contentType: "image/x", metadata: {} });
      expect({ etag: object!.etag }).toEqual(answer);
      expect(Math.abs(object!.lastModified - before)).toBeLessThan(60_000);
      expect(Buffer.concat(await Array.fromAsync(object!.body))).toEqual(Buffer.from([0, 255, 128, 10]));
      const { body: _, ...head } = object!;
      expect(await bucket.head("bytes")).toEqual(head);
    });

    it("keeps an empty object", async () => {
      await bucket.put("empty", "");
      expect(await bucket.head("empty")).toMatchObject({ size: 0 });
      expect(await textOf(bucket, "empty")).toBe("");
    });

    it("replaces, and another body has another ETag", async () => {
      const first = await bucket.put("replaced", "one");
      const second = await bucket.put("replaced", "two");
      expect(second).not.toEqual(first);
      expect(await textOf(bucket, "replaced")).toBe("two");
    });

    it("creates only where nothing is, when asked to", async () => {
      const condition = { ifNoneMatch: "*" } as const;
      expect(await bucket.put("created", "one", { condition })).toHaveProperty("etag");
      expect(await bucket.put("created", "two", { condition })).toEqual({ conflict: true });
      expect(await textOf(bucket, "created")).toBe("one");
    });

    it("replaces only what was read, when asked to", async () => {
      const first = await bucket.put("swapped", "one");
      if (!("etag" in first)) throw new Error("no ETag");
      const condition = { ifMatch: first.etag };
      expect(await bucket.put("swapped", "two", { condition })).toHaveProperty("etag");
      expect(await bucket.put("swapped", "three", { condition })).toEqual({ conflict: true });
      expect(await textOf(bucket, "swapped")).toBe("two");
    });

    it("does not replace what is gone", async () => {
      const first = await bucket.put("gone", "one");
      if (!("etag" in first)) throw new Error("no ETag");
      await bucket.delete(["gone"]);
      expect(await bucket.put("gone", "two", { condition: { ifMatch: first.etag } })).toEqual({
        conflict: true,
      });
      expect(await bucket.head("gone")).toBeNull();
    });

    it("lets one of many creators win", async () => {
      const condition = { ifNoneMatch: "*" } as const;
      const writers = Array.from({ length: 8 }, (_, index) => `writer ${index}`);
      const answers = await Promise.all(writers.map((body) => bucket.put("raced", body, { condition })));
      const winners = writers.filter((_, index) => "etag" in answers[index]!);
      expect(winners).toEqual([await textOf(bucket, "raced")]);
    });

    it("lists by prefix, in order of UTF-8 bytes, by pages", async () => {
      const keys = names.map((each) => `list/${each}`);
      await Promise.all([...keys].reverse().map((key) => bucket.put(key, key)));
      await bucket.put("lisu", "not under the prefix");
      const first = await bucket.list({ prefix: "list/", limit: 4 });
      expect(first.objects.map(({ key }) => key)).toEqual(keys.slice(0, 4));
      expect(first.cursor).toBeDefined();
      const second = await bucket.list({ prefix: "list/", limit: 4, cursor: first.cursor! });
      expect(second.objects.map(({ key }) => key)).toEqual(keys.slice(4));
      expect(second.cursor).toBeUndefined();
      const head = await bucket.head("list/a");
      expect(first.objects[0]).toEqual({
        key: "list/a",
        etag: head!.etag,
        size: head!.size,
        lastModified: expect.any(Number),
      });
    });

    it("lists nothing under a prefix that no key has", async () => {
      expect(await bucket.list({ prefix: "no such prefix" })).toEqual({ objects: [] });
    });

    it("shows a put in the next listing, and a delete in the one after", async () => {
      for (let round = 0; round < 5; round++) {
        await bucket.put(`fresh/${round}`, "x");
        expect((await bucket.list({ prefix: "fresh/" })).objects).toHaveLength(1);
        await bucket.delete([`fresh/${round}`]);
        expect((await bucket.list({ prefix: "fresh/" })).objects).toHaveLength(0);
      }
    });

    it("deletes several at once, those that are not there included", async () => {
      await Promise.all(["x/1", "x/2 &<", "x/3"].map((key) => bucket.put(key, "x")));
      await bucket.delete(["x/1", "x/2 &<", "x/never"]);
      expect((await bucket.list({ prefix: "x/" })).objects.map(({ key }) => key)).toEqual(["x/3"]);
      await bucket.delete([]);
    });

    it.each(trickyKeys)("keeps the key %j as it is", async (key) => {
      await bucket.put(`tricky/${key}`, key);
      expect(await textOf(bucket, `tricky/${key}`)).toBe(key);
      const listed = await Array.fromAsync(listAll(bucket, `tricky/${key}`));
      expect(listed.map((object) => object.key)).toEqual([`tricky/${key}`]);
      await bucket.delete([`tricky/${key}`]);
      expect(await bucket.head(`tricky/${key}`)).toBeNull();
    });

    it("keeps any printable key", async () => {
      const part = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
      await fc.assert(
        fc.asyncProperty(part, async (name) => {
          // A dot segment would be taken out of the URL; document keys come from uploads that met S3 already.
          const key = `any/-${name.replaceAll("/", "-")}`;
          await bucket.put(key, name);
          expect((await bucket.head(key))?.key).toBe(key);
          expect(await textOf(bucket, key)).toBe(name);
          await bucket.delete([key]);
        }),
        { numRuns: keyRuns },
      );
    });
  });
};
